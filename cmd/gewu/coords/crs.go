// Package coords holds the commands that work on coordinates and codes: gewu crs and gewu code. They need no city, but for the next free code.
package coords

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"text/tabwriter"

	"github.com/gewu-city/gewu/data/convert/control"
	"github.com/gewu-city/gewu/geo/proj"
)

// CRS is gewu crs.
type CRS struct {
	List    listCmd    `cmd:"" help:"List the coordinate systems, the city's own ones too." default:"1"`
	Fit     fitCmd     `cmd:"" help:"Fit the city's own grid to control points and report how well they agree."`
	Convert convertCmd `cmd:"" help:"Convert points on standard input, one pair a line."`
}

type listCmd struct{}

// Run lists the systems.
func (cmd *listCmd) Run(e *Env) error {
	systems, err := Systems(e.Systems)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tUNIT\tWEST\tSOUTH\tEAST\tNORTH\tTITLE")
	show := func(c proj.CRS) {
		unit, x := "metre", c.Extent()
		if c.Degrees() {
			unit = "degree"
		}
		fmt.Fprintf(t, "%s\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%s\n", c.Name(), unit, x.West, x.South, x.East, x.North, c.Title())
	}
	for _, o := range systems.Own() {
		show(o)
	}
	for _, name := range proj.Known() {
		c, err := proj.Lookup(name)
		if err != nil {
			return err
		}
		show(c)
	}
	return t.Flush()
}

type fitCmd struct {
	Points    string   `help:"Control points: CSV with the columns name, lon, lat (or east, north), own_east, own_north; or TOML." required:"" type:"existingfile" placeholder:"FILE"`
	From      string   `help:"System of lon and lat (default EPSG:4490), or of east and north, from which the grid is then derived." placeholder:"CRS"`
	Name      string   `help:"Name of the grid. Default: the name of the file." placeholder:"NAME"`
	Title     string   `help:"What the grid is." placeholder:"TEXT"`
	Tolerance *float64 `help:"Greatest RMS in metres. Default: what the file says, or 1." placeholder:"M"`
	Output    string   `help:"Write the grid to this TOML file, for --crs @FILE or --systems." short:"o" placeholder:"FILE"`
}

// Run prints the fit and fails when the points do not agree; the file is then not written.
func (cmd *fitCmd) Run(e *Env) error {
	var from proj.CRS
	if cmd.From != "" {
		var err error
		if from, err = proj.Lookup(cmd.From); err != nil {
			return fmt.Errorf("--from %q %s", cmd.From, proj.WhyUnknown(err))
		}
	}
	d, err := readControl(cmd.Points, from)
	if err != nil {
		return err
	}
	if cmd.Name != "" {
		d.Name = cmd.Name
	}
	if cmd.Title != "" {
		d.Title = cmd.Title
	}
	if t := cmd.Tolerance; t != nil {
		if !(*t > 0 && *t <= control.MostTolerance) {
			return fmt.Errorf("--tolerance %g must be above 0 and at most %d metres", *t, control.MostTolerance)
		}
		d.ToleranceM = *t
	}
	fit, err := d.Fit()
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.Points, err)
	}
	fmt.Fprint(e.Stdout, control.Report(d, fit))
	if err := d.Judge(fit); err != nil {
		return err
	}
	if _, err := d.System(); err != nil { // the name and the extent, too
		return fmt.Errorf("%s: %w", cmd.Points, err)
	}
	if cmd.Output == "" {
		return nil
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(d.Write(w, fit)) }()
	return e.WriteFile(cmd.Output, r)
}

func readControl(file string, from proj.CRS) (*control.Definition, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return control.Read(file, in, from)
}

// ownGrid reads a grid from a file of control points.
func ownGrid(file string) (*proj.Own, error) {
	d, err := readControl(file, nil)
	if err != nil {
		return nil, err
	}
	o, err := d.System()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return o, nil
}

type convertCmd struct {
	From     string `help:"System of the points; @FILE takes a file of control points." required:"" placeholder:"CRS"`
	To       string `help:"System of the answers." required:"" placeholder:"CRS"`
	Decimals int    `help:"Decimals of the answers. Default: 9 for degrees, 4 for metres." default:"-1" placeholder:"N"`
}

// Run writes a line for each line it reads: the pair in the other system with the text behind the pair, or nothing but
// a message on standard error when the line is no pair or lies outside.
func (cmd *convertCmd) Run(e *Env) error {
	from, err := lookupCRS(e.Systems, cmd.From)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	to, err := lookupCRS(e.Systems, cmd.To)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	decimals := cmd.Decimals
	switch {
	case decimals >= 0:
	case to.Degrees():
		decimals = 9
	default:
		decimals = 4
	}
	out := bufio.NewWriter(e.Stdout)
	lines := bufio.NewScanner(e.Stdin)
	n, failed := 0, 0
	for lines.Scan() {
		n++
		if err := convertLine(out, lines.Text(), from, to, min(decimals, 15)); err != nil {
			failed++
			fmt.Fprintf(e.Stderr, "line %d: %v\n", n, err)
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	if err := errors.Join(lines.Err(), out.Flush()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d lines were not converted", failed, n)
	}
	return nil
}

// pairLine is two numbers separated by blanks, a comma or a semicolon, and what stands behind.
var pairLine = regexp.MustCompile(`^\s*([^\s,;]+)(\s*[,;]\s*|\s+)([^\s,;]+)(.*)$`)

// convertLine converts the pair at the start of a line and keeps the rest.
func convertLine(out *bufio.Writer, line string, from, to proj.CRS, decimals int) error {
	var x, y float64
	m := pairLine.FindStringSubmatch(line)
	err := errors.New("no pair")
	if m != nil {
		x, err = strconv.ParseFloat(m[1], 64)
	}
	if err == nil {
		y, err = strconv.ParseFloat(m[3], 64)
	}
	if err != nil {
		return fmt.Errorf("%.80q does not start with two numbers", line)
	}
	lon, lat, ok := from.ToLonLat(x, y)
	if !ok {
		return fmt.Errorf("%s, %s %s", m[1], m[3], proj.Explain(from, x, y))
	}
	x, y, ok = to.FromLonLat(lon, lat)
	if !ok {
		return fmt.Errorf("%s, %s is longitude %.7f, latitude %.7f, which %s", m[1], m[3], lon, lat, proj.ExplainPlace(to, lon, lat))
	}
	_, err = out.WriteString(strconv.FormatFloat(x, 'f', decimals, 64) + m[2] + strconv.FormatFloat(y, 'f', decimals, 64) + m[4])
	return err
}
