package index

import (
	"iter"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/records"
)

// World is the city at one Seq. It is immutable and safe for any number of readers; it stays valid, and its memory
// held, as long as someone refers to it.
type World struct {
	epoch        data.Epoch
	seq          data.Seq
	layers       []*Layer
	schemes      catalog[data.Scheme]
	dictionaries catalog[data.Dictionary]
	// defined is the Seq of the newest change of a layer definition or scheme.
	defined data.Seq
	plans   []Plan
	// records is nil when there are none.
	records *records.Set
	// planning are the records of drafts and versions, nil without any.
	planning *records.Set
	// past is nil for the Worlds of the engine.
	past *past
	// view and whole are set for what somebody sees of a World, see World.Seen.
	view  string
	whole *World
}

// Epoch is the identity of the history.
func (w *World) Epoch() data.Epoch { return w.epoch }

// Seq is the position in the change log that the World shows.
func (w *World) Seq() data.Seq { return w.seq }

// Defined is the Seq of the newest change of any layer definition or scheme. Whatever is derived from definitions
// alone can be kept while it stays the same.
func (w *World) Defined() data.Seq { return w.defined }

// Layers are the layers in the order in which they were created.
func (w *World) Layers() []*Layer { return w.layers }

// Layer finds a layer by name.
func (w *World) Layer(name string) (*Layer, bool) {
	i := slices.IndexFunc(w.layers, func(l *Layer) bool { return l.def.Name == name })
	if i < 0 {
		return nil, false
	}
	return w.layers[i], true
}

// Schemes are the declared schemes in the order in which they were created.
func (w *World) Schemes() []*data.Scheme { return w.schemes.list }

// Scheme finds a declared scheme by name.
func (w *World) Scheme(name string) (*data.Scheme, bool) { return w.schemes.find(name) }

// Dictionaries are in the order in which they were created.
func (w *World) Dictionaries() []*data.Dictionary { return w.dictionaries.list }

// Dictionary finds a dictionary by name.
func (w *World) Dictionary(name string) (*data.Dictionary, bool) { return w.dictionaries.find(name) }

// Plans are the planned publications, ended ones included, in the order in which they were planned.
func (w *World) Plans() []Plan { return w.plans }

// Plan finds a planned publication by id.
func (w *World) Plan(id string) (Plan, bool) {
	i := slices.IndexFunc(w.plans, func(p Plan) bool { return p.ID == id })
	if i < 0 {
		return Plan{}, false
	}
	return w.plans[i], true
}

// Records are the kept admin records, those of planning apart, nil when there never were any.
func (w *World) Records() *records.Set { return w.records }

// Planning are the records of drafts, their steps, and of versions: [data.Planning]; nil when there never were any,
// and in Worlds of the past.
func (w *World) Planning() *records.Set { return w.planning }

// Admin yields the kept admin records of a kind that exist, in the order of their ids.
func (w *World) Admin(kind string) iter.Seq[*records.Record] {
	if data.Planning(data.AdminName(kind, "")) {
		return w.planning.All(kind)
	}
	return w.records.All(kind)
}

// AdminSeq is the Seq of the newest change of any of [World.Records], 0 for none. Two Worlds of an epoch in which it is
// the same have the same records.
func (w *World) AdminSeq() data.Seq { return w.records.Seq() }

// Divides reports whether the polygons of a layer divide the city: areas of a level, or cells of a scheme.
func (w *World) Divides(l *data.Layer) bool {
	return l.Geometry == data.GeometryPolygon && (l.Roles.Area != nil || l.Roles.Cell != nil ||
		slices.ContainsFunc(w.schemes.list, func(s *data.Scheme) bool { return s.Cells.Layer == l.Name }))
}
