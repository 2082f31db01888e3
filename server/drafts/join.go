package drafts

import (
	"fmt"
	"math"
	"slices"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/rest"
)

// joining finds the codes of all areas that a join gives other ones.
func (a *API) joining(w *index.World, d *version.Draft, step *version.Step) error {
	rule, err := ruleOf(d)
	if err != nil {
		return err
	}
	if err := d.Joining(step, d.Above(w, a.Locator), rule, a.areaNumbers(w, d)); err != nil {
		return rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return nil
}

// areaNumbers are the codes that areas of the levels of a scheme have and ever had, as far as the city knows: those of features,
// ended ones included, when their ids are codes; those of versions; and marks.
type areaNumbers struct {
	world  *index.World
	scheme string
	levels []grid.Level
	ever   map[version.AreaCode]bool
}

func (a *API) areaNumbers(w *index.World, d *version.Draft) *areaNumbers {
	s := d.Base.Scheme
	n := &areaNumbers{world: w, scheme: s.Name, ever: map[version.AreaCode]bool{}}
	for _, level := range a.Locator.Plan(w).Levels {
		if slices.Contains(s.Levels, level.Name) {
			n.levels = append(n.levels, level)
		}
	}
	for _, v := range version.Versions(w, s.Name) {
		rows, err := version.Lineage(w, v)
		if err != nil {
			continue
		}
		for _, row := range rows {
			if row.Level != "" {
				n.ever[version.AreaCode{Level: row.Level, Old: row.Old}], n.ever[version.AreaCode{Level: row.Level, Old: row.New}] = true, true
			}
		}
	}
	return n
}

func (n *areaNumbers) level(name string) (*grid.Level, *index.Layer) {
	i := slices.IndexFunc(n.levels, func(l grid.Level) bool { return l.Name == name })
	if i < 0 {
		return nil, nil
	}
	return &n.levels[i], n.levels[i].In(n.world)
}

// Used implements [version.AreaNumbers].
func (n *areaNumbers) Used(level, text string) bool {
	if n.ever[version.AreaCode{Level: level, Old: text}] {
		return true
	}
	l, areas := n.level(level)
	if areas == nil {
		return false
	}
	if _, is := l.Area(n.world, text); is {
		return true
	}
	_, known := areas.Head(text)
	return known
}

// Highest implements [version.AreaNumbers].
func (n *areaNumbers) Highest(level, prefix string, digits int) int {
	highest, _ := version.MarkOf(n.world, n.scheme, prefix)
	if digits > 9 {
		return highest
	}
	for k := min(int(math.Pow10(digits))-1, mostProbed); k > highest; k-- {
		if n.Used(level, version.Number(prefix, digits, k)) {
			return k
		}
	}
	return highest
}

// Middle implements [version.AreaNumbers].
func (n *areaNumbers) Middle(level, text string) (geo.Point, bool) {
	l, areas := n.level(level)
	if areas == nil {
		return geo.Point{}, false
	}
	slot, ok := l.Area(n.world, text)
	if !ok {
		return geo.Point{}, false
	}
	box := areas.Shape(slot).Box()
	return geo.Between(box.Min, box.Max, 0.5), true
}

// stale is a sentence about organisations and staff whose duties name codes that end with a draft, empty for none.
func (a *API) stale(w *index.World, p *prepared) string {
	gone := map[people.AreaKey]bool{}
	ends, renames := p.draft.Joins()
	for _, c := range slices.Concat(ends, renames) {
		gone[people.AreaKey{Level: c.Level, Code: c.Old}] = true
	}
	ended := map[string]bool{}
	for _, c := range p.naming.Ended {
		ended[c] = true
	}
	organisations, holdings := 0, 0
	d := people.Of(w)
	for _, o := range d.Organisations() {
		if slices.ContainsFunc(o.Areas, func(r people.AreaRef) bool { return gone[people.AreaKey{Level: r.Level, Code: r.Code}] }) {
			organisations++
		}
	}
	for _, s := range d.Staff() {
		for _, h := range s.Holdings {
			if h.Scheme == p.draft.Header.Scheme && slices.ContainsFunc(h.Cells, func(c string) bool { return ended[c] }) {
				holdings++
			}
		}
	}
	if organisations+holdings == 0 {
		return ""
	}
	return fmt.Sprintf("%d organisations and %d holdings answer for areas and cells whose codes end; give them the new codes when the version counts: gewu grid lineage has the table", organisations, holdings)
}

var _ version.AreaNumbers = (*areaNumbers)(nil)
