package planning

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/divide"
)

// source is how the flags read one.
func (d *Divide) source(name, what string, kind data.GeometryKind, columns ...column) source {
	return source{name: name, what: what, geometry: kind, columns: columns, crs: d.CRS, encoding: d.Encoding, quiet: d.Quiet}
}

// all reads a source, of which every row must be right: grids drawn on half of the ground are wrong everywhere.
func (d *Divide) all(e *Env, s source, each func(f *data.Feature) error) error {
	wrong, err := read(e, s, each)
	if err == nil && wrong != nil {
		err = fmt.Errorf("%s has rows that are no %s: mend them first", s.name, s.what)
	}
	return err
}

// ground reads communities and blocks.
func (d *Divide) ground(e *Env, in *divide.Input) error {
	if d.Communities != "" {
		s := d.source(d.Communities, "communities", data.GeometryPolygon, column{d.Community, data.Text}, column{d.Kind, data.Text})
		if err := d.all(e, s, func(f *data.Feature) error {
			code, err := key(f, d.Community)
			in.Communities = append(in.Communities, divide.Community{Code: code, Kind: f.Value(1).Text(), Shape: f.Shape})
			return err
		}); err != nil {
			return err
		}
		if len(in.Communities) == 0 {
			return fmt.Errorf("%s holds no community", d.Communities)
		}
	}
	if d.Blocks == "" {
		return nil
	}
	households, workload := d.Households, d.Workload
	if len(d.Addresses) > 0 {
		households, workload = "", ""
	}
	s := d.source(d.Blocks, "blocks", data.GeometryPolygon, column{d.BlockIn, data.Text}, column{households, data.Number}, column{workload, data.Number})
	var lost []string
	if err := d.all(e, s, func(f *data.Feature) error {
		b := divide.Block{ID: f.ID, Community: f.Value(0).Text(), Shape: f.Shape}
		if d.BlockIn == "" {
			var ok bool
			if b.Community, ok = around(in.Communities).at(f.Shape); !ok {
				lost = append(lost, f.ID)
			}
		} else if b.Community == "" {
			return fmt.Errorf("block %s has nothing in column %s", f.ID, d.BlockIn)
		}
		var err error
		if b.Households, err = finite(households, f.Value(1).Number()); err != nil {
			return fmt.Errorf("block %s: %w", f.ID, err)
		}
		if b.Workload, err = finite(workload, f.Value(2).Number()); err != nil {
			return fmt.Errorf("block %s: %w", f.ID, err)
		}
		in.Blocks = append(in.Blocks, b)
		return nil
	}); err != nil {
		return err
	}
	switch {
	case len(lost) > 0:
		return fmt.Errorf("%d blocks lie in no community, such as %s; give --block-in, or communities that cover them", len(lost), lost[0])
	case len(in.Blocks) == 0:
		return fmt.Errorf("%s holds no block", d.Blocks)
	}
	return nil
}

// key is the code of a feature: the value of a column, or its id without one.
func key(f *data.Feature, name string) (string, error) {
	if name == "" {
		return f.ID, nil
	}
	code := f.Value(0).Text()
	if code == "" {
		return "", fmt.Errorf("%s has nothing in column %s", f.ID, name)
	}
	return code, nil
}

// cuts reads lines, rings and footprints.
func (d *Divide) cuts(e *Env, in *divide.Input) error {
	for _, list := range [...]struct {
		names []string
		kind  data.GeometryKind
		into  *[]divide.Line
	}{{d.Lines, data.GeometryLine, &in.Lines}, {d.Rings, data.GeometryPolygon, &in.Lines}, {d.Secondary, data.GeometryLine, &in.Secondary}} {
		for _, name := range list.names {
			class, named := divide.Other, false
			if file, word, ok := cutLast(name); ok {
				var err error
				if class, err = divide.ParseClass(word); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				name, named = file, true
			}
			column := column{d.LineClass, data.Text}
			if named {
				column.Name = ""
			}
			if err := d.all(e, d.source(name, "lines", list.kind, column), func(f *data.Feature) error {
				own := class
				if column.Name != "" {
					own = classOf(f.Value(0).Text())
				}
				for i := range f.Shape.NumRings() {
					*list.into = append(*list.into, divide.Line{Class: own, Points: f.Shape.Ring(i)})
				}
				return nil
			}); err != nil {
				return err
			}
		}
	}
	for _, name := range d.Footprints {
		if err := d.all(e, d.source(name, "footprints", data.GeometryPolygon), func(f *data.Feature) error {
			in.Footprints = append(in.Footprints, divide.Footprint{ID: f.ID, Shape: f.Shape})
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// cutLast cuts a class from behind the last equals sign of a name.
func cutLast(name string) (file, class string, ok bool) {
	if i := strings.LastIndexByte(name, '='); i >= 0 && !strings.ContainsAny(name[i:], "/\\.") {
		return name[:i], name[i+1:], true
	}
	return name, "", false
}

// weights reads addresses and cases. Rows without a place are told and count nowhere.
func (d *Divide) weights(e *Env, in *divide.Input) error {
	points := func(name, what string, columns ...column) source {
		s := d.source(name, what, data.GeometryPoint, columns...)
		s.lon, s.lat = d.Lon, d.Lat
		return s
	}
	for _, name := range d.Addresses {
		s := points(name, "addresses", column{d.Households, data.Number}, column{d.Workload, data.Number}, column{d.Building, data.Text}, column{d.Entrance, data.Text})
		if _, err := read(e, s, func(f *data.Feature) (err error) {
			a := divide.Address{Households: 1, Building: f.Value(2).Text(), Entrance: f.Value(3).Text()}
			if d.Households != "" {
				if a.Households, err = finite(d.Households, f.Value(0).Number()); err != nil {
					return fmt.Errorf("address %s: %w", f.ID, err)
				}
			}
			if a.Workload, err = finite(d.Workload, f.Value(1).Number()); err != nil {
				return fmt.Errorf("address %s: %w", f.ID, err)
			}
			for _, p := range f.Shape.Vertices() {
				a.At = p
				break
			}
			in.Addresses = append(in.Addresses, a)
			return nil
		}); err != nil {
			return err
		}
	}
	for _, name := range d.Cases {
		if _, err := read(e, points(name, "cases"), func(f *data.Feature) error {
			for _, p := range f.Shape.Vertices() {
				in.Addresses = append(in.Addresses, divide.Address{At: p, Workload: 1})
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// present reads the present plan.
func (d *Divide) present(e *Env, in *divide.Input) error {
	if d.Present == "" {
		return nil
	}
	found := map[string]bool{}
	s := d.source(d.Present, "present grids", data.GeometryPolygon, column{d.PresentCode, data.Text}, column{d.Drawn, data.Number})
	if err := d.all(e, s, func(f *data.Feature) error {
		code, err := key(f, d.PresentCode)
		if err != nil {
			return err
		}
		p := divide.Present{Code: code, Shape: f.Shape, Locked: slices.Contains(d.Lock, code), Drawn: f.Value(1).Number()}
		if defects := geo.Validate(p.Shape); len(defects) > 0 {
			if p.Shape, _, err = geo.Fix(p.Shape); err != nil || p.Locked {
				return fmt.Errorf("grid %s: %w", code, defects[0])
			}
		}
		found[code] = true
		in.Present = append(in.Present, p)
		return nil
	}); err != nil {
		return err
	}
	for _, code := range d.Lock {
		if !found[code] {
			return fmt.Errorf("--lock %s: no grid of %s has this code", code, d.Present)
		}
	}
	return nil
}

// goal is one of a file.
type goal struct {
	Target float64 `toml:"target"`
	Min    float64 `toml:"min"`
	Max    float64 `toml:"max"`
	Weight float64 `toml:"weight"`
}

// goals are what a file holds: by measure, and by kind of community and measure.
type goals struct {
	Default map[string]goal            `toml:"default"`
	Kinds   map[string]map[string]goal `toml:"kinds"`
}

// readGoals reads goals from a file.
func readGoals(name string, in *divide.Input) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return err
	}
	var all goals
	meta, err := toml.Decode(string(text), &all)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s is no goal: there are target, min, max and weight of households, workload and area under default and kinds.KIND", unknown[0])
	}
	if in.Limits, err = limits(all.Default); err != nil {
		return fmt.Errorf("default: %w", err)
	}
	in.Kinds = make(map[string]divide.Limits, len(all.Kinds))
	for kind, by := range all.Kinds {
		if in.Kinds[kind], err = limits(by); err != nil {
			return fmt.Errorf("kinds.%s: %w", kind, err)
		}
	}
	return nil
}

func limits(by map[string]goal) (divide.Limits, error) {
	var out divide.Limits
	for name, g := range by {
		m, err := divide.ParseMeasure(name)
		if err != nil {
			return out, err
		}
		out[m].Target, out[m].Min, out[m].Max, out[m].Weight = g.Target, g.Min, g.Max, g.Weight
	}
	return out, nil
}
