package raster

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// point is a place on the grid of a drawing.
type point struct{ x, y float64 }

// line is a subpath as straight pieces; a single point is a dot.
type line struct {
	points []point
	closed bool
}

// curveSteps is the number of straight pieces of a curve: on a grid of 24 they leave it by less than a fiftieth.
const curveSteps = 16

// pathReader reads the commands M L H V C Q T A Z of an SVG path, absolute and relative.
type pathReader struct {
	rest     string
	lines    []line
	at, from point // the current point and where the subpath began
	control  point // the last control point of a quadratic curve
	last     byte  // the command before
}

// parsePath turns the attribute d into lines.
func parsePath(d string) ([]line, error) {
	r := &pathReader{rest: d}
	for {
		r.space()
		if r.rest == "" {
			return r.lines, nil
		}
		command := r.rest[0]
		if !strings.ContainsRune("MmLlHhVvCcQqTtAaZz", rune(command)) {
			return nil, fmt.Errorf("path %q: no command at %q", d, r.rest)
		}
		r.rest = r.rest[1:]
		for first := true; ; first = false {
			if err := r.command(command); err != nil {
				return nil, fmt.Errorf("path %q: %w", d, err)
			}
			// More numbers repeat the command; after a move they draw lines.
			if first && command == 'M' || first && command == 'm' {
				command-- // M is followed by L, m by l
			}
			if r.space(); r.rest == "" || !strings.ContainsRune("+-.0123456789", rune(r.rest[0])) || command == 'Z' || command == 'z' {
				break
			}
		}
	}
}

func (r *pathReader) space() { r.rest = strings.TrimLeft(r.rest, " ,\t\r\n") }

// number reads one number. Numbers may follow one another without a space: "1.5-2", "0.5.5".
func (r *pathReader) number() (float64, error) {
	r.space()
	end, dot := 0, false
	for end < len(r.rest) {
		switch b := r.rest[end]; {
		case b >= '0' && b <= '9', end == 0 && (b == '-' || b == '+'):
		case b == '.' && !dot:
			dot = true
		default:
			goto done
		}
		end++
	}
done:
	n, err := strconv.ParseFloat(r.rest[:end], 64)
	if err != nil {
		return 0, fmt.Errorf("no number at %q", r.rest)
	}
	r.rest = r.rest[end:]
	return n, nil
}

// flag reads a 0 or 1 of an arc, which needs no space after it.
func (r *pathReader) flag() (bool, error) {
	r.space()
	if r.rest == "" || r.rest[0] != '0' && r.rest[0] != '1' {
		return false, fmt.Errorf("no flag at %q", r.rest)
	}
	set := r.rest[0] == '1'
	r.rest = r.rest[1:]
	return set, nil
}

// place reads a point, which is relative to the current one after a small letter.
func (r *pathReader) place(relative bool) (point, error) {
	x, err := r.number()
	if err != nil {
		return point{}, err
	}
	y, err := r.number()
	if relative {
		x, y = x+r.at.x, y+r.at.y
	}
	return point{x, y}, err
}

func (r *pathReader) command(c byte) error {
	relative := c >= 'a'
	kind := c &^ 0x20
	defer func() { r.last = kind }()
	switch kind {
	case 'Z':
		if len(r.lines) > 0 {
			r.lines[len(r.lines)-1].closed = true
		}
		r.at = r.from
		return nil
	case 'H', 'V':
		n, err := r.number()
		to := r.at
		switch {
		case kind == 'H' && relative:
			to.x += n
		case kind == 'H':
			to.x = n
		case relative:
			to.y += n
		default:
			to.y = n
		}
		r.draw(to)
		return err
	case 'C':
		return r.cubic(relative)
	case 'Q', 'T':
		return r.quadratic(kind, relative)
	case 'A':
		return r.arc(relative)
	}
	to, err := r.place(relative)
	if kind == 'M' {
		r.at, r.from = to, to
		r.lines = append(r.lines, line{points: []point{to}})
		return err
	}
	r.draw(to)
	return err
}

// draw goes on to a point in a straight piece. After Z a new subpath begins where the old one began.
func (r *pathReader) draw(to point) {
	if len(r.lines) == 0 || r.lines[len(r.lines)-1].closed {
		r.lines = append(r.lines, line{points: []point{r.at}})
	}
	l := &r.lines[len(r.lines)-1]
	l.points = append(l.points, to)
	r.at = to
}

func (r *pathReader) cubic(relative bool) error {
	var c [3]point
	for i := range c {
		var err error
		if c[i], err = r.place(relative); err != nil {
			return err
		}
	}
	from := r.at
	for i := 1; i <= curveSteps; i++ {
		t := float64(i) / curveSteps
		u := 1 - t
		a, b, d, e := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		r.draw(point{a*from.x + b*c[0].x + d*c[1].x + e*c[2].x, a*from.y + b*c[0].y + d*c[1].y + e*c[2].y})
	}
	return nil
}

func (r *pathReader) quadratic(kind byte, relative bool) error {
	control := r.at
	if kind == 'Q' {
		var err error
		if control, err = r.place(relative); err != nil {
			return err
		}
	} else if r.last == 'Q' || r.last == 'T' {
		// The mirror image of the control point before.
		control = point{2*r.at.x - r.control.x, 2*r.at.y - r.control.y}
	}
	to, err := r.place(relative)
	if err != nil {
		return err
	}
	from := r.at
	for i := 1; i <= curveSteps; i++ {
		t := float64(i) / curveSteps
		u := 1 - t
		a, b, c := u*u, 2*u*t, t*t
		r.draw(point{a*from.x + b*control.x + c*to.x, a*from.y + b*control.y + c*to.y})
	}
	r.control = control
	return nil
}

// arc draws an elliptical arc by the formulas of SVG 1.1, appendix F.6.
func (r *pathReader) arc(relative bool) error {
	var n [3]float64
	for i := range n {
		var err error
		if n[i], err = r.number(); err != nil {
			return err
		}
	}
	large, err := r.flag()
	if err != nil {
		return err
	}
	sweep, err := r.flag()
	if err != nil {
		return err
	}
	to, err := r.place(relative)
	if err != nil {
		return err
	}
	from := r.at
	rx, ry := math.Abs(n[0]), math.Abs(n[1])
	if rx == 0 || ry == 0 || from == to {
		r.draw(to)
		return nil
	}
	sin, cos := math.Sincos(n[2] * math.Pi / 180)
	// Half the chord in the axes of the ellipse.
	hx, hy := (from.x-to.x)/2, (from.y-to.y)/2
	x, y := cos*hx+sin*hy, -sin*hx+cos*hy
	if scale := x*x/(rx*rx) + y*y/(ry*ry); scale > 1 {
		rx, ry = rx*math.Sqrt(scale), ry*math.Sqrt(scale)
	}
	k := math.Sqrt(max(0, (rx*rx*ry*ry-rx*rx*y*y-ry*ry*x*x)/(rx*rx*y*y+ry*ry*x*x)))
	if large == sweep {
		k = -k
	}
	cx, cy := k*rx*y/ry, -k*ry*x/rx
	begin := math.Atan2((y-cy)/ry, (x-cx)/rx)
	turn := math.Atan2((-y-cy)/ry, (-x-cx)/rx) - begin
	if sweep && turn < 0 {
		turn += 2 * math.Pi
	} else if !sweep && turn > 0 {
		turn -= 2 * math.Pi
	}
	middle := point{cos*cx - sin*cy + (from.x+to.x)/2, sin*cx + cos*cy + (from.y+to.y)/2}
	steps := int(math.Ceil(math.Abs(turn)/(math.Pi/2)*curveSteps)) + 1
	for i := 1; i < steps; i++ {
		s, c := math.Sincos(begin + turn*float64(i)/float64(steps))
		r.draw(point{middle.x + cos*rx*c - sin*ry*s, middle.y + sin*rx*c + cos*ry*s})
	}
	r.draw(to)
	return nil
}
