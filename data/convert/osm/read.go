package osm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
)

// maxRefs bounds the nodes of selected ways, and with them the memory that an extract takes: two gigabytes at most.
const maxRefs = 128 << 20

// Read reads the elements that a mapping selects: nodes, then ways, then relations, each kind in the order of the file. Ids
// are node/1, way/2, relation/3. An element whose parts are not all in the file is a row with a fault.
func Read(ctx context.Context, file *spool.File, m *Mapping, o row.Options, out row.Sink) error {
	if m == nil {
		return errors.New("an OSM file needs a mapping, which says what its elements are (--mapping FILE)")
	}
	if o.Kind == geo.KindNone {
		return errors.New("elements of OSM have geometries, the layer has none")
	}
	rules, err := m.compile(o.Kind)
	if err != nil {
		return err
	}
	r := &reader{ctx: ctx, file: file, rules: rules, want: o.Kind, out: out, wayPlace: map[int64]int{}}
	if err := r.collect(); err != nil {
		return err
	}
	if err := out.Head(row.Head{Columns: rules.columns, Geometry: true}); err != nil {
		return err
	}
	if err := r.nodes(); err != nil {
		return err
	}
	for i := range r.ways {
		if w := &r.ways[i]; w.feature {
			g, err := r.wayGeometry(w)
			if err := r.emit(w.name, w.cells, g, err); err != nil {
				return err
			}
		}
	}
	for i := range r.relations {
		l := &r.relations[i]
		g, err := r.relationGeometry(l)
		if err := r.emit(l.name, l.cells, g, err); err != nil {
			return err
		}
	}
	return nil
}

type reader struct {
	ctx   context.Context //nolint:containedctx // lives as long as one call of Read
	file  *spool.File
	rules *rules
	want  geo.Kind
	out   row.Sink

	relations []keptRelation
	ways      []keptWay
	wayPlace  map[int64]int // of the ways that relations have as members, by their ids
	refs      []int64       // of all kept ways, one behind the other
	places    places
}

// keptWay is a way that is a feature or a member of one.
type keptWay struct {
	id       int64
	feature  bool
	from, to int // its nodes in refs
	name     string
	cells    []string
}

// keptRelation is a relation that is a feature.
type keptRelation struct {
	name  string
	cells []string
	ways  []int64
}

// collect keeps the relations and ways that are features, and the ways that are members of the former.
func (r *reader) collect() error {
	if r.rules.kinds[relation] {
		err := scan(r.ctx, r.file, relation, func(e *element) error {
			if !r.rules.selects(e) || !r.fits(e) {
				return nil
			}
			l := keptRelation{name: e.name(), cells: r.rules.cells(e)}
			for _, m := range e.members {
				if m.kind == way {
					l.ways = append(l.ways, m.ref)
					r.wayPlace[m.ref] = -1
				}
			}
			// A way that is there twice would close the ring that it opens.
			slices.Sort(l.ways)
			l.ways = slices.Compact(l.ways)
			if len(r.relations)+len(r.wayPlace) > maxRefs/16 {
				return errTooMuch
			}
			r.relations = append(r.relations, l)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !r.rules.kinds[way] && len(r.wayPlace) == 0 {
		return nil
	}
	return scan(r.ctx, r.file, way, func(e *element) error {
		feature := r.rules.selects(e)
		_, part := r.wayPlace[e.id]
		if !feature && !part {
			return nil
		}
		w := keptWay{id: e.id, feature: feature, from: len(r.refs), to: len(r.refs) + len(e.refs)}
		if feature {
			w.name, w.cells = e.name(), r.rules.cells(e)
		}
		if part {
			r.wayPlace[e.id] = len(r.ways)
		}
		if w.to > maxRefs || len(r.ways) > maxRefs/16 {
			return errTooMuch
		}
		r.refs, r.ways = append(r.refs, e.refs...), append(r.ways, w)
		return nil
	})
}

var errTooMuch = fmt.Errorf("the mapping selects more than %d nodes of ways or %d relations and ways; cut a smaller extract", maxRefs, maxRefs/16)

// fits reports whether a relation is of a type that makes the geometry of the layer: others put elements together that
// have geometries of their own.
func (r *reader) fits(e *element) bool {
	switch e.tag("type") {
	case "multipolygon", "boundary":
		return true
	case "route", "multilinestring", "waterway", "street", "associatedStreet":
		return r.want == geo.KindLine
	}
	return false
}

// nodes finds the places of all nodes that kept ways pass, and hands on the nodes that are features.
func (r *reader) nodes() error {
	r.places = newPlaces(r.refs)
	if !r.rules.kinds[node] && r.places.none() {
		return nil
	}
	return scan(r.ctx, r.file, node, func(e *element) error {
		if e.placed {
			r.places.set(e.id, e.place)
		}
		if !r.rules.selects(e) {
			return nil
		}
		var err error
		if !e.placed {
			err = errors.New("has no longitude and latitude")
		}
		return r.emit(e.name(), r.rules.cells(e), e.place.Orb(), err)
	})
}

// emit hands on a feature, or why it is none.
func (r *reader) emit(name string, cells []string, g orb.Geometry, fault error) error {
	out := row.Row{ID: name, Cells: cells, Geometry: g}
	if fault != nil {
		out.Fault = &data.FieldError{Field: name, Why: fault.Error()}
	}
	return r.out.Row(&out)
}
