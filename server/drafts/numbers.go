package drafts

import (
	"context"
	"errors"
	"math"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

func ruleOf(d *version.Draft) (code.Rule, error) {
	rule, err := code.ParseRule(d.Base.Scheme.CodeRule)
	if err != nil {
		return rule, rest.Fault(rest.Conflict, "code_rule", d.Base.Scheme.CodeRule, "of the scheme cannot be read: "+err.Error()).Because(err)
	}
	return rule, nil
}

// codesOf are the codes of the cells of a draft by face that a check gave, as long as that counts, and nil before one. Those
// that are not kept any more are found again; where the city has changed so that there are none, they are nil too.
func (a *API) codesOf(ctx context.Context, have *asked, d *version.Draft) (map[coverage.FaceID]string, error) {
	h := have.header
	switch h.Of(have.world) {
	case version.Checked, version.Approved, version.Planned:
	default:
		return nil, nil //nolint:nilnil // a draft that is not checked has drawn codes alone
	}
	if h.Checked == nil {
		return nil, nil //nolint:nilnil // as above
	}
	if codes := a.shelf.names(d.Now, h.Checked.At); codes != nil {
		return codes, nil
	}
	how := h.Codes
	if h.From > 0 {
		how = version.AsDrawn
	}
	rule, err := ruleOf(d)
	if err != nil {
		return nil, err
	}
	n, err := d.Name(how, rule, numbersOf(have.world, d), a.weigh(ctx, have.world))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // the next check says what is wrong
	}
	a.shelf.name(d.Now, h.Checked.At, n.Codes)
	return n.Codes, nil
}

// numbers are the codes that the cells of a scheme have and ever had, as far as the city knows: those of features, ended ones
// included, when their ids are codes; those of versions; and marks.
type numbers struct {
	world  *index.World
	layer  *index.Layer
	scheme string
	ever   map[string]bool
}

func numbersOf(w *index.World, d *version.Draft) *numbers {
	s := d.Base.Scheme
	n := &numbers{world: w, layer: s.In(w), scheme: s.Name, ever: map[string]bool{}}
	for slot := range n.layer.Slots() {
		n.ever[s.CodeOf(n.layer, slot)] = true
	}
	for _, v := range version.Versions(w, s.Name) {
		rows, err := version.Lineage(w, v)
		if err != nil {
			continue
		}
		for _, row := range rows {
			n.ever[row.Old], n.ever[row.New] = true, true
		}
	}
	return n
}

// Used implements [version.Numbers].
func (n *numbers) Used(text string) bool {
	if n.ever[text] {
		return true
	}
	_, known := n.layer.Head(text)
	return known
}

// mostProbed bounds the numbers whose ids are looked up one by one.
const mostProbed = 9999

// Highest implements [version.Numbers].
func (n *numbers) Highest(prefix string, digits int) int {
	highest, _ := version.MarkOf(n.world, n.scheme, prefix)
	if digits > 9 {
		return highest
	}
	last := min(int(math.Pow10(digits))-1, mostProbed)
	for k := last; k > highest; k-- {
		if n.Used(version.Number(prefix, digits, k)) {
			return k
		}
	}
	return highest
}

// weigh counts addresses: households stand where addresses do. When ctx ends it counts none any more.
func (a *API) weigh(ctx context.Context, w *index.World) version.Weigh {
	var layers []*index.Layer
	for _, l := range w.Layers() {
		if l.Def().Roles.Address != nil {
			layers = append(layers, l)
		}
	}
	if len(layers) == 0 {
		return nil
	}
	return func(old, now geo.Shape) (common, whole float64) {
		for _, l := range layers {
			if ctx.Err() != nil {
				return 0, 0
			}
			l.SearchPoints(old.Box(), func(_ index.Slot, p geo.Point) bool {
				if old.Contains(p) {
					whole++
					if now.Contains(p) {
						common++
					}
				}
				return true
			})
		}
		return common, whole
	}
}

// codesFault is the problem of cells that get no codes.
func codesFault(err error) error {
	if wrong, ok := errors.AsType[*version.CodeError](err); ok {
		why := wrong.Why
		if wrong.Exists {
			why = "code_exists: " + why
		}
		return rest.Fault(rest.Invalid, "code", wrong.Code, why).Because(err)
	}
	return err
}
