package rights

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter/cql"
	"github.com/gewu-city/gewu/people"
)

// Rights are what somebody may see and do in a city whose layers are those of the World that they were compiled for. They
// are immutable and safe for concurrent use.
type Rights struct {
	everything  bool
	permissions []people.Permission
	layers      map[string]*Access
	key, sight  string
}

// Access is what somebody may do with the features of one layer. Nil is nothing.
type Access struct {
	// Hidden are the attributes that do not exist, in order.
	Hidden []string
	read   rule
	write  rule
}

// rule says which features: those that one of its parts takes. all takes every one.
type rule struct {
	all   bool
	parts []part
}

// part takes the features that pass a filter and lie in one of some areas; each may be absent.
type part struct {
	name   string // tells parts apart
	where  *cql.Expr
	within bool
	areas  []area
}

// Compile finds out the rights of somebody for the layers of a World. What cannot be read in a grant, such as a filter
// with a fault, allows nothing.
func Compile(d *people.Directory, w *index.World, s *Subject) *Rights {
	r := &Rights{layers: map[string]*Access{}, everything: s.Everything && s.Scopes == nil}
	reached := map[string]bool{}
	for _, h := range s.Holdings {
		if post, ok := d.Post(h.Post); ok {
			r.permissions = append(r.permissions, post.Permissions...)
			r.grant(d, w, post, &h, reached, nil)
		}
	}
	if public, ok := d.Post(people.PostPublic); ok {
		r.permissions = append(r.permissions, public.Permissions...)
		r.grant(d, w, public, &people.Holding{}, map[string]bool{}, reached)
	}
	if s.Everything {
		r.permissions = people.Permissions()
	}
	r.limit(s.Scopes)
	for _, l := range w.Layers() {
		name := l.Def().Name
		if s.Everything {
			r.layers[name] = &Access{read: rule{all: true}, write: rule{all: true}}
		}
		a := r.layers[name]
		if a == nil {
			continue
		}
		if !r.May(people.Edit) && !r.May(people.Import) && !r.May(people.Undo) {
			a.write = rule{}
		}
		a.tidy()
		if a.read.none() {
			delete(r.layers, name)
		}
	}
	r.name(w)
	return r
}

// limit leaves the permissions that a key may use.
func (r *Rights) limit(scopes []people.Permission) {
	r.permissions = slices.DeleteFunc(r.permissions, func(p people.Permission) bool {
		return !p.Known() || scopes != nil && !slices.Contains(scopes, p)
	})
	slices.Sort(r.permissions)
	r.permissions = slices.Compact(r.permissions)
}

// grant adds what a post held in a place allows; not what is in except. reached gets the layers.
func (r *Rights) grant(d *people.Directory, w *index.World, post *people.Post, h *people.Holding, reached, except map[string]bool) {
	var offices []string
	if h.Organisation != "" {
		offices = under(d, h.Organisation)
	}
	for i := range post.Layers {
		g := &post.Layers[i]
		p, ok := partOf(d, g, h, offices)
		for _, l := range w.Layers() {
			name := l.Def().Name
			if !names(g, l.Def()) || except[name] {
				continue
			}
			reached[name] = true
			a := r.layers[name]
			if a == nil {
				a = &Access{}
				r.layers[name] = a
			}
			a.Hidden = append(a.Hidden, g.Hide...)
			if !ok || !g.Read {
				continue
			}
			a.read.parts = append(a.read.parts, p)
			if g.Write {
				a.write.parts = append(a.write.parts, p)
			}
		}
	}
}

// names reports whether a grant is about a layer. A sensitive layer has to be named.
func names(g *people.Grant, def *data.Layer) bool {
	return slices.Contains(g.Layers, def.Name) || def.Sensitive == nil && slices.Contains(g.Layers, people.AnyLayer)
}

// partOf is what a grant takes for a holding; false when it cannot be read and takes nothing.
func partOf(d *people.Directory, g *people.Grant, h *people.Holding, offices []string) (p part, ok bool) {
	if g.Where != "" {
		var err error
		if p.where, err = parseWhere(g.Where, offices, h.Cells); err != nil {
			return p, false
		}
	}
	switch g.Area {
	case people.AreaAll:
	case people.AreaCells:
		p.within = true
		for _, code := range h.Cells {
			p.areas = append(p.areas, area{scheme: h.Scheme, code: code})
		}
		if len(h.Cells) > 0 {
			p.areas = sorted(p.areas)
			break
		}
		fallthrough // a holding without cells is for the areas of its organisation
	case people.AreaOrganisation:
		p.within = true
		if h.Organisation != "" {
			p.areas = ground(d, h.Organisation)
		}
	default:
		return p, false
	}
	var b strings.Builder
	if p.where != nil {
		b.WriteString(p.where.String())
	}
	for _, a := range p.areas {
		fmt.Fprintf(&b, "\x00%s\x01%s\x01%s", a.level, a.scheme, a.code)
	}
	if p.within {
		b.WriteString("\x00within")
	}
	p.name = b.String()
	return p, true
}

func (r *rule) none() bool { return !r.all && len(r.parts) == 0 }

// tidy gives rules that take the same the same form.
func (r *rule) tidy() {
	r.parts = slices.DeleteFunc(slices.Clone(r.parts), func(p part) bool { return p.within && len(p.areas) == 0 })
	if r.all = r.all || slices.ContainsFunc(r.parts, func(p part) bool { return p.name == "" }); r.all {
		r.parts = nil
	}
	slices.SortFunc(r.parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
	r.parts = slices.CompactFunc(r.parts, func(a, b part) bool { return a.name == b.name })
}

func (r *rule) String() string {
	if r.all {
		return "all"
	}
	var b strings.Builder
	for _, p := range r.parts {
		b.WriteString("\x02" + p.name)
	}
	return b.String()
}

func (a *Access) tidy() {
	a.read.tidy()
	a.write.tidy()
	slices.Sort(a.Hidden)
	a.Hidden = slices.Compact(a.Hidden)
}

// sight names what of the layer is seen; empty for all of it.
func (a *Access) sight() string {
	if a.read.all && len(a.Hidden) == 0 {
		return ""
	}
	return hash(a.read.String(), strings.Join(a.Hidden, "\x00"))
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(strconv.AppendInt(nil, int64(len(p)), 10))
		h.Write([]byte(":" + p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// name makes the keys.
func (r *Rights) name(w *index.World) {
	var seen, all []string
	for _, l := range w.Layers() {
		if a := r.layers[l.Def().Name]; a != nil {
			seen = append(seen, l.Def().Name, a.sight())
			all = append(all, l.Def().Name, a.sight(), a.write.String())
		}
	}
	r.sight = hash(seen...)
	for _, p := range r.permissions {
		all = append(all, string(p))
	}
	r.key = hash(append(all, strconv.FormatBool(r.everything))...)
}

// Key is the same for the same rights, whoever has them, and another one for others.
func (r *Rights) Key() string { return r.key }

// Sight is the same for rights that show the same of every World.
func (r *Rights) Sight() string { return r.sight }

// Everything reports whether nothing is out of sight or forbidden, whatever layers there will be.
func (r *Rights) Everything() bool { return r.everything }

// May reports whether a permission is held.
func (r *Rights) May(p people.Permission) bool { return slices.Contains(r.permissions, p) }

// Permissions are those that are held, in order.
func (r *Rights) Permissions() []people.Permission { return slices.Clone(r.permissions) }

// Layer is what may be done with a layer; false when it does not exist for the holder.
func (r *Rights) Layer(name string) (*Access, bool) {
	a := r.layers[name]
	return a, a != nil
}

// Writes reports whether some features of the layer may be changed.
func (a *Access) Writes() bool { return !a.write.none() }

// See is a World as the holder of the rights sees it. before is what they saw of another state of the city, or nil.
func (r *Rights) See(w, before *index.World) *index.World {
	if r.everything {
		return w
	}
	w = w.Whole()
	return w.Seen(r.sight, before, func(l *index.Layer) (index.Sight, bool) {
		a, ok := r.layers[l.Def().Name]
		if !ok {
			return index.Sight{}, false
		}
		s := index.Sight{Name: a.sight(), Hidden: a.Hidden}
		if !a.read.all {
			j := a.read.judge(w, l.Def(), false)
			s.Since, s.Keep = j.since, j.keep
		}
		return s, true
	})
}

// Writable leaves of features of a layer of a World those that may be as they are: the slots are those of whole, a layer
// of w or one that [index.Layer.Of] has made of it.
func (r *Rights) Writable(w *index.World, whole *index.Layer, slots []index.Slot) []index.Slot {
	if r.everything {
		return slots
	}
	return r.judge(w, whole.Def(), true).keep(whole, slots)
}

// Readable is [Rights.Writable] for features that may be seen.
func (r *Rights) Readable(w *index.World, whole *index.Layer, slots []index.Slot) []index.Slot {
	if r.everything {
		return slots
	}
	return r.judge(w, whole.Def(), false).keep(whole, slots)
}

func (r *Rights) judge(w *index.World, def *data.Layer, write bool) *judge {
	a, ok := r.layers[def.Name]
	switch {
	case !ok:
		return &judge{}
	case write:
		return a.write.judge(w.Whole(), def, true)
	default:
		return a.read.judge(w.Whole(), def, false)
	}
}
