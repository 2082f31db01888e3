// Package control reads control points, places known both in a national system and in a city's own grid, and makes a
// coordinate system of them. The files are CSV, as surveyors hand them over, or TOML, which can also say what the grid
// is called.
package control

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/geo/proj"
)

// Tolerance is the RMS in metres up to which a fit is taken when the file does not say another. No point may be off by
// more either.
const Tolerance = 1.0

// MostTolerance bounds what a file, or whoever fits it, may say, in metres.
const MostTolerance = 1000

// margin is by how many degrees a grid is used beyond its control points, some 50 km.
const margin = 0.5

// Definition is a city's own grid as its control points tell it.
type Definition struct {
	// Name is the name of the system, Title what it is.
	Name, Title string
	// Base is the plane system from which the grid is derived.
	Base proj.CRS
	// Points lead from Base to the grid.
	Points []proj.ControlPoint
	// Extent is where the grid is used: around the control points, or as the file says.
	Extent proj.Extent
	// ToleranceM bounds the RMS, and how far an outlier is off, in metres.
	ToleranceM float64
}

// Read reads a file of control points, whose name tells the format: .toml, or CSV. from is the system of the known
// coordinates where the file does not say it; it may be nil. A plane system becomes the base of the grid; degrees are
// projected in the 3° Gauss–Krüger zone in which the points lie.
func Read(name string, in io.Reader, from proj.CRS) (*Definition, error) {
	whole, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(whole) > maxBytes {
		return nil, fmt.Errorf("%s: is larger than %d bytes, which is no list of control points", name, maxBytes)
	}
	text, err := charset.NewReader(bytes.NewReader(whole), charset.Encoding{}, func(string) {})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := file{Name: nameOf(name)}
	if strings.EqualFold(filepath.Ext(name), ".toml") {
		err = convert.DecodeDefinition(text, convert.TOML, &f)
	} else {
		err = f.readCSV(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d, err := f.definition(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// unnamed are the characters that a name of a system does not have.
var unnamed = regexp.MustCompile(`[^a-z0-9_]+`)

// nameOf makes the name of a system from that of its file.
func nameOf(file string) string {
	s := strings.ToLower(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	s = strings.TrimLeft(strings.Trim(unnamed.ReplaceAllString(s, "-"), "-_"), "0123456789-_")
	if s == "" {
		return "own"
	}
	return s[:min(len(s), 63)]
}

// maxBytes bounds a file, maxPoints the control points in it.
const (
	maxBytes  = 1 << 20
	maxPoints = 10_000
)

// Fit finds the grid by least squares.
func (d *Definition) Fit() (proj.Fit, error) { return proj.FitSimilarity(d.Points) }

// Judge says what is wrong with a fit, or is nil: an RMS or an outlier beyond the tolerance, or a scale that two points
// alone would have to prove.
func (d *Definition) Judge(f proj.Fit) error {
	switch {
	case f.RMS > d.ToleranceM && f.Exchanged:
		return fmt.Errorf("the control points of %s do not fit; %s", d.Name, exchanged)
	case f.Outlier >= 0 && f.Off > d.ToleranceM:
		return fmt.Errorf("control point %q of %s is off by %.3f m from where the others put it, more than the tolerance of %g m",
			d.Points[f.Outlier].Name, d.Name, f.Off, d.ToleranceM)
	case len(d.Points) == 2 && stretched(f) != "":
		return fmt.Errorf("the control points of %s are two, which fit always, with %s", d.Name, stretched(f))
	case f.RMS > d.ToleranceM:
		return fmt.Errorf("the control points of %s do not fit: RMS %.3f m, more than the tolerance of %g m", d.Name, f.RMS, d.ToleranceM)
	}
	return nil
}

const exchanged = "own_east and own_north seem to be exchanged (surveyors write north as X), or one of them to have the wrong sign"

// mostScale is by how much a grid in metres may be longer or shorter than its base before a point or a unit must be wrong:
// projections and heights of cities make less than a thousandth.
const mostScale = 0.005

// stretched says that the scale of a fit cannot be that of a city's grid, empty when it can.
func stretched(f proj.Fit) string {
	if off := f.Scale() - 1; math.Abs(off) > mostScale {
		return fmt.Sprintf("scale %.6f, %+.1f %%: a point is wrong, or the grid is not in metres", f.Scale(), off*100)
	}
	return ""
}

// System fits the grid, refuses a bad fit and gives the coordinate system.
func (d *Definition) System() (*proj.Own, error) {
	f, err := d.Fit()
	if err != nil {
		return nil, err
	}
	if err := d.Judge(f); err != nil {
		return nil, err
	}
	return proj.NewOwn(d.Name, d.Title, d.Base, f.Similarity, d.Extent)
}

// Write writes the definition as TOML, which [Read] reads. The points are the truth; what was fitted stands in
// comments.
func (d *Definition) Write(w io.Writer, f proj.Fit) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", strings.ReplaceAll(strings.TrimSpace(Report(d, f)), "\n", "\n# "))
	fmt.Fprintf(&b, "name = %q\ntitle = %q\nbase = %q\ntolerance_m = %g\n", d.Name, d.Title, d.Base.Name(), d.ToleranceM)
	e := d.Extent
	fmt.Fprintf(&b, "extent = [%g, %g, %g, %g]\n", e.West, e.South, e.East, e.North)
	for _, p := range d.Points {
		fmt.Fprintf(&b, "\n[[points]]\nname = %q\neast = %s\nnorth = %s\nown_east = %s\nown_north = %s\n",
			p.Name, metres(p.From[0]), metres(p.From[1]), metres(p.To[0]), metres(p.To[1]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// metres writes a coordinate to a hundredth of a millimetre, without the zeros behind.
func metres(v float64) string {
	s := strings.TrimRight(fmt.Sprintf("%.5f", v), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	return s
}

// Report is a fit in words: scale, rotation, residuals and their RMS, and what looks wrong.
func Report(d *Definition, f proj.Fit) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: similarity from %s by %d points\n", d.Name, d.Base.Name(), len(d.Points))
	fmt.Fprintf(&b, "scale %.9f (%+.3f ppm), rotation %s\n", f.Scale(), (f.Scale()-1)*1e6, dms(f.Rotation()))
	fmt.Fprintf(&b, "residuals in metres: east, north, distance\n")
	for i, p := range d.Points {
		r := f.Residuals[i]
		fmt.Fprintf(&b, "  %-12s %9.4f %9.4f %9.4f", p.Name, r[0], r[1], math.Hypot(r[0], r[1]))
		if i == f.Outlier {
			b.WriteString("  outlier")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "RMS %.4f m\n", f.RMS)
	if text := stretched(f); text != "" {
		b.WriteString(text + "\n")
	}
	switch n := len(d.Points); {
	case f.Exchanged:
		b.WriteString(exchanged + "\n")
	case f.Outlier >= 0:
		fmt.Fprintf(&b, "outlier: %s is off by %.4f m from where the others put it; correct it or leave it out\n", d.Points[f.Outlier].Name, f.Off)
	case n == 2:
		b.WriteString("two points fit always: nothing is proved\n")
	case n == 3:
		b.WriteString("a fourth point would show which one is wrong\n")
	}
	return b.String()
}

// dms writes an angle as degrees, minutes and seconds.
func dms(degrees float64) string {
	sign := ""
	if degrees < 0 {
		sign = "-"
	}
	seconds := math.Round(math.Abs(degrees) * 3600 * 1e3)
	return fmt.Sprintf("%s%d°%02d′%06.3f″", sign, int(seconds/3.6e6), int(seconds/6e4)%60, math.Mod(seconds, 6e4)/1e3)
}
