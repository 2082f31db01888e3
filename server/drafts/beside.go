package drafts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// conflict is what two drafts change both.
type conflict struct {
	Kind  string   `json:"kind"`
	Cells []string `json:"cells"`
	// Point is on the border or in the cell.
	Point [2]float64  `json:"point"`
	Line  [][]float64 `json:"line,omitempty"`
	// Draft is the other one.
	Draft  string `json:"draft"`
	Title  string `json:"title,omitempty"`
	Author string `json:"author"`
}

// mostConflicts bounds the list.
const mostConflicts = 1000

// conflicts are those with all other drafts of the scheme that are not published.
func (a *API) conflicts(ctx context.Context, have *asked, d *version.Draft) ([]conflict, error) {
	out := []conflict{}
	for h, seq := range version.Drafts(have.world) {
		if h.ID == d.Header.ID || h.Scheme != d.Header.Scheme || h.Done == 0 || h.Of(have.world) == version.Published {
			continue
		}
		other, err := a.open(ctx, &asked{have.world, h, seq})
		if err != nil {
			if p := (*rest.Problem)(nil); errors.As(err, &p) {
				continue // it cannot be opened any more, so it cannot be published
			}
			return nil, err
		}
		for _, c := range version.Conflicts(d, other) {
			if len(out) == mostConflicts {
				return out, nil
			}
			one := conflict{Kind: c.Kind, Cells: c.Cells, Point: c.At.Orb(), Draft: h.ID, Title: h.Title, Author: h.Author}
			for _, p := range c.Line {
				one.Line = append(one.Line, []float64{p.Lon(), p.Lat()})
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// Conflicts lists what other drafts change, too: GET /v1/drafts/{draft}/conflicts.
func (a *API) Conflicts(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	d, err := a.open(r.Context(), have)
	if err != nil {
		return err
	}
	list, err := a.conflicts(r.Context(), have, d)
	if err != nil {
		return err
	}
	city.SetSeq(w, have.world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Conflicts []conflict `json:"conflicts"`
		Seq       data.Seq   `json:"seq"`
	}{list, have.world.Seq()})
}

// Rebase puts a draft on the present cells: POST /v1/drafts/{draft}/rebase.
func (a *API) Rebase(w http.ResponseWriter, r *http.Request) error {
	hand := a.shelf.hand(draftOf(r))
	hand.Lock()
	defer hand.Unlock()
	q := rest.ParseParams(r)
	have, err := a.find(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	if err := editable(have); err != nil {
		return err
	}
	d, err := a.open(r.Context(), have)
	if err != nil {
		return err
	}
	now, err := a.present(r.Context(), have.world, have.header)
	if err != nil {
		return baseFault(err)
	}
	var steps []*version.Step
	for n := range d.Header.Done {
		s, err := version.ReadStep(have.world, d.Header.ID, n+1)
		if err != nil {
			return err
		}
		steps = append(steps, s)
	}
	next, err := d.Rebase(now, steps)
	if changed, ok := errors.AsType[*version.ChangedError](err); ok {
		p := rest.Fault(rest.Conflict, "draft", d.Header.ID, "cannot be put on the present version: "+changed.Error()).Because(err)
		for _, code := range changed.Codes[:min(20, len(changed.Codes))] {
			p.Also("cell", code, "was changed by others")
		}
		return p
	}
	if err != nil {
		return refused(err)
	}
	next.Header.Base, next.Header.Version = have.world.Seq(), version.InForce(have.world, d.Header.Scheme)
	next.Header.State, next.Header.Checked, next.Header.Approved = version.Open, nil, nil
	put, err := next.Header.Put(have.seq)
	if err != nil {
		return err
	}
	seq, err := a.Append(r, data.Tx{Cause: cause(d.Header.ID), Changes: append([]data.Change{put}, version.Forget(have.world, have.header, next.Header.Done)...)})
	if err != nil {
		return clashed(err)
	}
	a.shelf.keep(next, seq)
	world, err := a.Engine.Wait(r.Context(), seq)
	if err != nil {
		return err
	}
	return a.answer(w, r, http.StatusOK, world, d.Header.ID, detail{})
}

// back makes the only step of a draft that goes back to an earlier version: its cells as they were then.
func (a *API) back(r *http.Request, w *index.World, d *version.Draft) (*version.Draft, []data.Change, error) {
	v, ok := version.Find(w, d.Header.Scheme, d.Header.From)
	if !ok {
		return nil, nil, rest.Fault(rest.Invalid, "from_version", strconv.Itoa(d.Header.From), "is no version of the scheme")
	}
	if s := v.State(w); s != version.Past {
		return nil, nil, rest.Fault(rest.Invalid, "from_version", strconv.Itoa(d.Header.From), fmt.Sprintf("is %s; only an earlier version can come back", s))
	}
	then, err := a.Moment(r, "from_version", v.Effective.Format(time.RFC3339Nano))
	if err != nil {
		return nil, nil, err
	}
	base, err := a.present(r.Context(), then.Whole(), &d.Header)
	if err != nil {
		return nil, nil, baseFault(err)
	}
	if err := a.areasStand(w, v, base); err != nil {
		return nil, nil, err
	}
	step := &version.Step{Op: version.OpRestore}
	for id, f := range base.Coverage.Faces() {
		step.Cells = append(step.Cells, coverage.Cell{Code: f.Code, Parent: f.Parent, Attributes: f.Attributes, Shape: base.Coverage.Shape(id)})
	}
	step.By, _ = city.ActFor(r, "")
	next, _, err := d.Do(step)
	if err != nil {
		return nil, nil, refused(err)
	}
	records, err := step.Records(d.Header.ID, 1)
	return next, records, err
}

// areasStand refuses an earlier version whose cells belong to areas that are none any more: a join gave these other codes, and
// going back to the cells alone would leave their ground without areas.
func (a *API) areasStand(w *index.World, v *version.Record, base *version.Base) error {
	levels := base.Scheme.Levels
	if len(levels) == 0 {
		return nil
	}
	last := levels[len(levels)-1]
	plan := a.Locator.Plan(w)
	i := slices.IndexFunc(plan.Levels, func(l grid.Level) bool { return l.Name == last })
	if i < 0 {
		return nil
	}
	gone := map[string]bool{}
	for _, f := range base.Coverage.Faces() {
		if f.Parent == "" {
			continue
		}
		if _, is := plan.Levels[i].Area(w, f.Parent); !is {
			gone[f.Parent] = true
		}
	}
	if len(gone) == 0 {
		return nil
	}
	some := slices.Sorted(maps.Keys(gone))
	return rest.Fault(rest.Conflict, "from_version", strconv.Itoa(v.Number), fmt.Sprintf(
		"cannot come back: its cells belong to areas of level %s that are none any more (%s), such as after a district joined another one; draw what should be otherwise in a draft of the present version",
		last, strings.Join(some[:min(5, len(some))], ", ")))
}
