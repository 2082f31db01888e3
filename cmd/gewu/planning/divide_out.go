package planning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"github.com/gewu-city/gewu/grid/divide"
)

// write writes the alternatives that were asked for, and the outlines.
func (d *Divide) write(e *Env, g *divide.Ground, all []divide.Alternative) error {
	const number = "{n}"
	switch {
	case d.Out == "":
	case strings.Contains(d.Out, number):
		for i := range all {
			name := strings.ReplaceAll(d.Out, number, strconv.Itoa(i+1))
			if err := d.writeCells(e, name, &all[i]); err != nil {
				return err
			}
		}
	default:
		if err := d.writeCells(e, d.Out, &all[d.Pick-1]); err != nil {
			return err
		}
	}
	if d.Outlines == "" {
		return nil
	}
	outlines := g.Outlines()
	file := geojson.NewFeatureCollection()
	for _, code := range slices.Sorted(maps.Keys(outlines)) {
		file.Append(feature(code, outlines[code].Orb(), geojson.Properties{"code": code}))
	}
	return put(e, d.Outlines, file)
}

func feature(id string, g orb.Geometry, properties geojson.Properties) *geojson.Feature {
	f := geojson.NewFeature(g)
	f.ID, f.Properties = id, properties
	return f
}

// writeCells writes the grids of one alternative.
func (d *Divide) writeCells(e *Env, name string, a *divide.Alternative) error {
	file := geojson.NewFeatureCollection()
	for i := range a.Cells {
		c := &a.Cells[i]
		p := geojson.Properties{
			"code": c.Code, "community": c.Community, "households": c.Households, "workload": c.Workload, "area_m2": round(c.Area, 1),
			"compactness": round(c.Compactness, 3), "blocks": c.Blocks, "addresses": c.Addresses,
		}
		if c.Kind != "" {
			p["kind"] = c.Kind
		}
		if c.Continues != "" {
			p["continues"] = c.Continues
		}
		if c.Locked {
			p["locked"] = true
		}
		if c.Reason != nil {
			p["reason"], p["reason_kind"] = c.Reason.Text, c.Reason.Kind
		}
		if len(c.Towers) > 0 {
			p["towers"] = c.Towers
		}
		file.Append(feature(c.Code, c.Shape.Orb(), p))
	}
	return put(e, name, file)
}

func round(v float64, digits int) float64 {
	by := math.Pow10(digits)
	return math.Round(v*by) / by
}

// put writes a file, or to standard output.
func put(e *Env, name string, file *geojson.FeatureCollection) error {
	text, err := file.MarshalJSON()
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if name == "-" {
		_, err = e.Stdout.Write(text)
		return err
	}
	return e.Write(name, bytes.NewReader(text))
}

// told is a grid outside of its limits as it is told.
type told struct {
	Code      string         `json:"code"`
	Community string         `json:"community"`
	Point     [2]float64     `json:"point"`
	Reason    *divide.Reason `json:"reason"`
	Towers    []divide.Tower `json:"towers,omitempty"`
}

// summary is what --json prints.
type summary struct {
	Communities  int                  `json:"communities"`
	Blocks       int                  `json:"blocks"`
	Atoms        int                  `json:"atoms"`
	Alternatives []alternativeSummary `json:"alternatives"`
	Outgrown     []divide.Outgrown    `json:"outgrown"`
	// Draft is the id of the draft that was made.
	Draft string `json:"draft,omitempty"`
}

type alternativeSummary struct {
	Name    string         `json:"name"`
	Metrics divide.Metrics `json:"metrics"`
	Outside []told         `json:"outside_limits"`
}

// tell prints the metrics, what is outside of the limits, and what has outgrown them.
func (d *Divide) tell(e *Env, g *divide.Ground, all []divide.Alternative, draft string) error {
	s := summary{Draft: draft, Communities: g.NumCommunities(), Blocks: g.NumBlocks(), Atoms: g.NumAtoms(), Outgrown: g.Outgrown()}
	for _, a := range all {
		t := alternativeSummary{Name: a.Name, Metrics: a.Metrics, Outside: []told{}}
		for _, c := range a.Cells {
			if c.Reason != nil {
				t.Outside = append(t.Outside, told{c.Code, c.Community, [2]float64{c.Reason.At.Lon(), c.Reason.At.Lat()}, c.Reason, c.Towers})
			}
		}
		s.Alternatives = append(s.Alternatives, t)
	}
	if d.JSON {
		if s.Outgrown == nil {
			s.Outgrown = []divide.Outgrown{}
		}
		out := json.NewEncoder(e.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(&s)
	}
	return s.print(e.Stderr, d.Pick)
}

// mostReasons bounds the lines of the table.
const mostReasons = 20

// print writes the table: one column for each alternative.
func (s *summary) print(w io.Writer, pick int) error {
	fmt.Fprintf(w, "%d communities, %d blocks in %d pieces that stay whole\n", s.Communities, s.Blocks, s.Atoms)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	line := func(name string, value func(m *divide.Metrics) string) {
		fmt.Fprint(t, name)
		for i := range s.Alternatives {
			fmt.Fprint(t, "\t"+value(&s.Alternatives[i].Metrics))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprint(t, "ALTERNATIVE")
	for i, a := range s.Alternatives {
		fmt.Fprintf(t, "\t%d %s", i+1, a.Name)
	}
	fmt.Fprintln(t)
	line("grids", func(m *divide.Metrics) string { return strconv.Itoa(m.Cells) })
	line("within the limits", func(m *divide.Metrics) string { return percent(m.Share) })
	line("of those that can be", func(m *divide.Metrics) string { return percent(m.Feasible) })
	for m := range divide.Area + 1 {
		name := m.String()
		if _, ok := s.Alternatives[0].Metrics.Deviation[name]; ok {
			line(name+" off p50/p95/max", func(m *divide.Metrics) string {
				v := m.Deviation[name]
				return fmt.Sprintf("%.0f/%.0f/%.0f %%", 100*v.P50, 100*v.P95, 100*v.Max)
			})
		}
	}
	line("compactness mean/min", func(m *divide.Metrics) string { return fmt.Sprintf("%.2f/%.2f", m.CompactMean, m.CompactMin) })
	line("borders between grids", func(m *divide.Metrics) string { return fmt.Sprintf("%.1f km", m.CutMetres/1000) })
	line("along streets and water", func(m *divide.Metrics) string { return percent(m.OnRoads) })
	line("footprints cut", func(m *divide.Metrics) string { return strconv.Itoa(m.FootprintsCut) })
	if s.Alternatives[0].Metrics.Present {
		line("addresses moved", func(m *divide.Metrics) string { return strconv.Itoa(m.AddressesMoved) })
		line("households moved", func(m *divide.Metrics) string { return fmt.Sprintf("%.0f", m.HouseholdsMoved) })
		line("locked", func(m *divide.Metrics) string { return strconv.Itoa(m.Locked) })
	}
	if err := t.Flush(); err != nil {
		return err
	}
	outside := s.Alternatives[pick-1].Outside
	for i, o := range outside {
		if i == mostReasons {
			fmt.Fprintf(w, "and %d more grids outside of the limits; --json has all\n", len(outside)-i)
			break
		}
		fmt.Fprintf(w, "%s at %.7f, %.7f: %s\n", o.Code, o.Point[0], o.Point[1], o.Reason.Text)
		for _, tower := range o.Towers {
			for k, duty := range tower.Duties {
				names := make([]string, len(duty.Entrances))
				for j, en := range duty.Entrances {
					names[j] = en.Name
				}
				fmt.Fprintf(w, "  duty %d of %d: entrances %s, %.0f households\n", k+1, len(tower.Duties), strings.Join(names, ", "), duty.Households)
			}
		}
	}
	for i, o := range s.Outgrown {
		if i == mostReasons {
			fmt.Fprintf(w, "and %d more outgrown grids; --json has all\n", len(s.Outgrown)-i)
			break
		}
		drawn := ""
		if o.Drawn > 0 {
			drawn = fmt.Sprintf(", drawn for %.0f", o.Drawn)
		}
		fmt.Fprintf(w, "outgrown: %s has %.0f households, the limit is %.0f%s\n", o.Code, o.Households, o.Max, drawn)
	}
	return nil
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
