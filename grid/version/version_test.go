package version_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/code"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/sample/sampletest"
)

// side is the width of a cell of the board: 100 units are about a metre.
const side = 20_000

var rules = map[string]string{"national15": "national15", "plain": "none", "local": "street:3 community:3 sequence:4"}

// community is the code of the west or the east half of the board by a rule.
func community(rule string, half int) string {
	switch rule {
	case "national15":
		return fmt.Sprintf("11010100100%d", half+1)
	case "local":
		return fmt.Sprintf("00700%d", half+1)
	}
	return fmt.Sprintf("C%d", half+1)
}

// board is a city of n by n square cells, the west half in one community and the east half in another.
func board(t testing.TB, n int, rule string) (*indextest.Log, *index.Engine) {
	t.Helper()
	log := indextest.NewLog()
	log.Append(indextest.Define(&data.Layer{
		Name: "areas", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{{Name: "code", Type: data.Code}},
		Roles: data.Roles{Area: &data.AreaRole{Level: "community", Code: "code"}},
	}))
	log.Append(indextest.Define(&data.Layer{Name: "cells", Geometry: data.GeometryPolygon, Attributes: []data.Attribute{{Name: "code", Type: data.Code}, {Name: "head", Type: data.Text}}}))
	log.Append(data.Change{Stream: data.StreamScheme, Op: data.OpPut, Layer: "unit", Scheme: &data.Scheme{
		Name: "unit", Levels: []string{"community"}, Cells: data.SchemeCells{Layer: "cells", Code: "code"}, CodeRule: rules[rule],
	}})
	var changes []data.Change
	half := int32(n/2) * side
	for i := range 2 {
		x := int32(i) * half
		changes = append(changes, indextest.Put("areas", fmt.Sprint(i), indextest.Rect(x, 0, x+half, int32(n)*side), data.TextValue(data.Code, community(rule, i))))
	}
	parsed, err := code.ParseRule(rules[rule])
	if err != nil {
		t.Fatal(err)
	}
	counts := [2]int{}
	for row := range n {
		for col := range n {
			k := col / (n / 2)
			counts[k]++
			c := version.Number(community(rule, k)+map[bool]string{true: "-"}[rule == "plain"], map[string]int{"local": 4}[rule], counts[k])
			if rule != "local" {
				c = version.Number(community(rule, k)+map[bool]string{true: "-"}[rule == "plain"], 3, counts[k])
			}
			if err := parsed.Check(c); err != nil {
				t.Fatal(err)
			}
			x, y := int32(col)*side, int32(n-1-row)*side
			changes = append(changes, indextest.Put("cells", c, indextest.Rect(x, y, x+side, y+side), data.TextValue(data.Code, c), data.TextValue(data.Text, "head of "+c)))
		}
	}
	log.Append(changes...)
	return log, indextest.Start(t, log)
}

func take(t testing.TB, w *index.World, l *grid.Locator) *version.Base {
	t.Helper()
	s, ok := l.Plan(w).Scheme("unit")
	if !ok {
		t.Fatal("no scheme")
	}
	b, err := version.Take(w, s, version.ParentsBy(l), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ever are all codes that were given so far, for numbering.
type ever map[string]bool

func (e ever) Used(c string) bool { return e[c] }

func (e ever) Highest(prefix string, digits int) int {
	highest := 0
	for c := range e {
		rest, ok := strings.CutPrefix(c, prefix)
		var n int
		if _, err := fmt.Sscanf(rest, "%d", &n); ok && err == nil && len(rest) == digits {
			highest = max(highest, n)
		}
	}
	return highest
}

// randomStep is a step that may be possible.
func randomStep(r *rand.Rand, d *version.Draft) *version.Step {
	var codes []string
	var some coverage.FaceID
	n := r.IntN(d.Now.NumFaces())
	for id, f := range d.Now.Faces() {
		codes = append(codes, f.Code)
		if n--; n == -1 {
			some = id
		}
	}
	f := d.Now.Face(some)
	shape := d.Now.Shape(some)
	box := shape.Box()
	place := func(x, y int32) version.Place { return version.Place{X: x, Y: y} }
	at := place(box.Min.X+r.Int32N(max(1, box.Max.X-box.Min.X)), box.Min.Y+r.Int32N(max(1, box.Max.Y-box.Min.Y)))
	vertex := version.Place(shape.Vertices()[r.IntN(len(shape.Vertices()))])
	moved := place(vertex.X+r.Int32N(side/2)-side/4, vertex.Y+r.Int32N(side/2)-side/4)
	switch r.IntN(9) {
	case 0, 1:
		return &version.Step{Op: "move_vertex", From: &vertex, To: &moved}
	case 2:
		return &version.Step{Op: "split", Code: f.Code, Line: []version.Place{place(at.X, box.Min.Y-9), place(at.X, box.Max.Y+9)}}
	case 3:
		return &version.Step{Op: "split", Code: f.Code, Line: []version.Place{place(box.Min.X-9, at.Y), place(box.Max.X+9, at.Y)}}
	case 4:
		for _, next := range d.Now.Neighbours(some) {
			if d.Now.Face(next).Parent == f.Parent {
				return &version.Step{Op: "merge", Codes: []string{f.Code, d.Now.Face(next).Code}}
			}
		}
		return &version.Step{Op: "delete_vertex", At: &vertex}
	case 5:
		return &version.Step{Op: "carve", Code: f.Code, Ring: []version.Place{at, place(at.X+side/5, at.Y), place(at.X, at.Y+side/5)}}
	case 6:
		return &version.Step{Op: "set_attributes", Code: f.Code, Set: map[string]string{"head": fmt.Sprint(r.IntN(9))}}
	case 7:
		return &version.Step{Op: "lock", Codes: []string{codes[r.IntN(len(codes))]}}
	default:
		return &version.Step{Op: "unlock", Codes: codes[:1]}
	}
}

// TestUndoIsExact does random steps, keeps them as records, and goes back and forth, also by a draft that is found again from
// the records alone: always the same bytes, and a coverage.
func TestUndoIsExact(t *testing.T) {
	t.Parallel()
	log, engine := board(t, 6, "plain")
	l := grid.NewLocator()
	base := take(t, engine.World(), l)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := version.Begin(version.Header{ID: fmt.Sprint("d", seed), Scheme: "unit", Base: engine.World().Seq(), State: version.Open}, base)
		states := [][]byte{d.Now.Append(nil)}
		for range 60 {
			s := randomStep(r, d)
			next, _, err := d.Do(s)
			if err != nil {
				continue
			}
			if _, same := edit.Keeps(base.Outline, next.Now.Outline()); !same {
				if len(next.Defects()) == 0 {
					t.Fatalf("seed %d: %+v moved the outline, and nothing is wrong", seed, s)
				}
				continue
			}
			// What is kept is what was done, read again.
			records, err := s.Records(d.Header.ID, next.Header.Done)
			if err != nil {
				t.Fatal(err)
			}
			log.Append(records...)
			d = next
			states = append(states, d.Now.Append(nil))
			if found := d.Defects(); len(found) > 0 {
				t.Fatalf("seed %d, %+v: %+v", seed, s, found[0])
			}
		}
		if len(states) < 10 {
			t.Fatalf("seed %d: %d steps", seed, len(states))
		}
		w, err := engine.Wait(t.Context(), log.Last())
		if err != nil {
			t.Fatal(err)
		}
		h := d.Header
		h.Done = h.Steps / 2
		again, err := version.Restore(w, &h, take(t, w, l))
		if err != nil {
			t.Fatal(err)
		}
		for again.Header.Done < h.Steps {
			if !bytes.Equal(again.Now.Append(nil), states[again.Header.Done]) {
				t.Fatalf("seed %d: found again at %d it is another", seed, again.Header.Done)
			}
			s, err := version.ReadStep(w, h.ID, again.Header.Done+1)
			if err != nil {
				t.Fatal(err)
			}
			if again, _, err = again.Redo(s); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range []*version.Draft{d, again} {
			for n := len(states) - 1; ; n-- {
				if !bytes.Equal(one.Now.Append(nil), states[n]) {
					t.Fatalf("seed %d: undone to %d it is another", seed, n)
				}
				var ok bool
				if one, _, ok = one.Undo(); !ok {
					break
				}
			}
		}
	}
}

// TestCodesAreNeverReused redraws a city for a hundred generations: an untouched cell keeps its code, codes are unique, follow
// the rule and lie in their community, and one that has ended never comes back.
func TestCodesAreNeverReused(t *testing.T) {
	t.Parallel()
	for rule := range rules {
		log, engine := board(t, 6, rule)
		parsed, err := code.ParseRule(rules[rule])
		if err != nil {
			t.Fatal(err)
		}
		l := grid.NewLocator()
		r := rand.New(rand.NewPCG(1, 2))
		given, gone := ever{}, map[string]bool{}
		w := engine.World()
		base := take(t, w, l)
		for _, c := range base.Cells() {
			given[c.Code] = true
		}
		ended, made := 0, 0
		for gen := range 100 {
			d := version.Begin(version.Header{ID: fmt.Sprint("g", gen), Scheme: "unit", LeastWidth: 0.5}, base)
			for range 4 {
				if next, _, err := d.Do(randomStep(r, d)); err == nil {
					d = next
				}
			}
			if gen%20 == 19 && rule != "national15" {
				next, _, err := d.Do(&version.Step{Op: version.OpRenumber, Parents: []string{community(rule, 0)}})
				if err == nil {
					d = next
				}
			}
			n, err := d.Name(version.ByRule, parsed, given, nil)
			if err != nil {
				t.Fatalf("%s, generation %d: %v", rule, gen, err)
			}
			seen := map[string]bool{}
			for id, c := range n.Codes {
				switch {
				case seen[c]:
					t.Fatalf("%s: %s is given twice", rule, c)
				case gone[c]:
					t.Fatalf("%s: %s has ended and comes back", rule, c)
				case parsed.Check(c) != nil, !strings.HasPrefix(c, d.Now.Face(id).Parent):
					t.Fatalf("%s: %s in %s", rule, c, d.Now.Face(id).Parent)
				}
				seen[c], given[c] = true, true
			}
			touched := d.Touched()
			for _, c := range base.Cells() {
				if _, found := slices.BinarySearch(touched, c.Code); !found && !seen[c.Code] && !renumbered(d, c.Code) {
					t.Fatalf("%s: %s was not touched and has ended", rule, c.Code)
				}
			}
			for _, c := range n.Ended {
				gone[c] = true
			}
			p, err := d.Publish(w, n, l)
			if err != nil {
				t.Fatal(err)
			}
			ended, made = ended+p.Ended, made+p.Created
			if len(p.Changes) == 0 {
				continue
			}
			if w, err = engine.Wait(t.Context(), log.Append(p.Changes...)); err != nil {
				t.Fatal(err)
			}
			next := take(t, w, l)
			if len(next.Found) > 0 || next.Coverage.NumFaces() != d.Now.NumFaces() {
				t.Fatalf("%s: %d cells of %d, %+v", rule, next.Coverage.NumFaces(), d.Now.NumFaces(), next.Found)
			}
			for id, c := range n.Codes {
				other, ok := next.Coverage.Lookup(c)
				if !ok || !version.SameGround(d.Now.Shape(id), next.Coverage.Shape(other)) {
					t.Fatalf("%s: %s is not what was drawn", rule, c)
				}
			}
			base = next
		}
		if ended < 20 || made < 20 {
			t.Errorf("%s: only %d ended and %d made", rule, ended, made)
		}
	}
}

func renumbered(d *version.Draft, c string) bool {
	_, ok := d.Now.Lookup("#" + c)
	return ok
}

// TestCodeGoesWithMost splits and merges by hand: the code stays with at least half, by weight before area.
func TestCodeGoesWithMost(t *testing.T) {
	t.Parallel()
	_, engine := board(t, 4, "plain")
	l := grid.NewLocator()
	base := take(t, engine.World(), l)
	given := ever{}
	for _, c := range base.Cells() {
		given[c.Code] = true
	}
	line := func(x int32) []version.Place {
		return []version.Place{{X: x, Y: 3*side - 9}, {X: x, Y: 4*side + 9}}
	}
	// C1-001 is the north-west corner.
	three := []*version.Step{{Op: "split", Code: "C1-001", Line: line(side * 4 / 10)}, {Op: "split", Code: "C1-001", Line: line(side * 7 / 10)}}
	west := func(_, now geo.Shape) (float64, float64) {
		if now.Contains(geo.Point{X: 100, Y: 3*side + 100}) {
			return 9, 10
		}
		return 1, 10
	}
	for _, tt := range []struct {
		name           string
		steps          []*version.Step
		how            version.Codes
		weigh          version.Weigh
		ended, created []string
		code           string // of the cell in the corner
		err            string
	}{
		{name: "the larger part", steps: []*version.Step{{Op: "split", Code: "C1-001", Line: line(side * 4 / 10)}}, created: []string{"C1-009"}, code: "C1-009"},
		{name: "where the households are", steps: []*version.Step{{Op: "split", Code: "C1-001", Line: line(side * 4 / 10)}}, weigh: west, created: []string{"C1-009"}, code: "C1-001"},
		{name: "no part has half", steps: three, ended: []string{"C1-001"}, created: []string{"C1-009", "C1-010", "C1-011"}, code: "C1-009"},
		{name: "as drawn", steps: three, how: version.AsDrawn, created: []string{"C1-009", "C1-010"}, code: "C1-009"},
		{name: "another community", steps: []*version.Step{{Op: "reassign", Codes: []string{"C1-002"}, Parent: "C2"}}, ended: []string{"C1-002"}, created: []string{"C2-009"}, code: "C1-001"},
		{name: "merged", steps: []*version.Step{{Op: "merge", Codes: []string{"C1-001", "C1-002"}, Keep: "C1-002"}}, ended: []string{"C1-002"}, code: "C1-001"},
		{name: "merged as drawn", steps: []*version.Step{{Op: "merge", Codes: []string{"C1-001", "C1-002"}, Keep: "C1-002"}}, how: version.AsDrawn, ended: []string{"C1-001"}, code: "C1-002"},
		{name: "a code by hand", steps: []*version.Step{{Op: "split", Code: "C1-001", New: []string{"C1-100"}, Line: line(side * 4 / 10)}}, created: []string{"C1-100"}, code: "C1-100"},
		{name: "a code that is used", steps: []*version.Step{{Op: "merge", Codes: []string{"C1-003", "C1-004"}}, {Op: "split", Code: "C1-001", New: []string{"C1-004"}, Line: line(side * 4 / 10)}}, code: "C1-004", ended: []string{}, err: ""},
		{name: "numbered anew", steps: []*version.Step{{Op: "renumber", Parents: []string{"C1"}}}, code: "C1-009"},
	} {
		d := version.Begin(version.Header{ID: "d", Scheme: "unit"}, base)
		for _, s := range tt.steps {
			once := *s
			var err error
			if d, _, err = d.Do(&once); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		how := tt.how
		if how == "" {
			how = version.ByRule
		}
		n, err := d.Name(how, code.Rule{}, given, tt.weigh)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if tt.ended == nil && tt.name != "numbered anew" && len(n.Ended) > 0 || len(tt.ended) > 0 && !slices.Equal(n.Ended, tt.ended) || tt.created != nil && !slices.Equal(n.Created, tt.created) {
			t.Errorf("%s: ended %v, created %v", tt.name, n.Ended, n.Created)
		}
		for id, c := range n.Codes {
			if d.Now.Shape(id).Contains(geo.Point{X: 100, Y: 4*side - 100}) && tt.name != "a code that is used" && c != tt.code {
				t.Errorf("%s: the corner has %s", tt.name, c)
			}
		}
		if tt.name == "numbered anew" && (len(n.Table) != 8 || n.Table[0].Drawn != "#C1-001" || n.Table[7].Code != "C1-016") {
			t.Errorf("table %v", n.Table)
		}
	}
	// Shares of an old cell add up.
	d := version.Begin(version.Header{ID: "d", Scheme: "unit"}, base)
	for _, s := range three {
		once := *s
		var err error
		if d, _, err = d.Do(&once); err != nil {
			t.Fatal(err)
		}
	}
	n, err := d.Name(version.ByRule, code.Rule{}, given, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, row := range n.Rows {
		if row.Old == "C1-001" {
			sum += row.Share
		}
	}
	if sum < 1-1e-6 || sum > 1+1e-6 {
		t.Errorf("shares add up to %v", sum)
	}
}

// TestNumbersRunOut warns at four fifths and refuses when nothing is left.
func TestNumbersRunOut(t *testing.T) {
	t.Parallel()
	_, engine := board(t, 4, "plain")
	l := grid.NewLocator()
	base := take(t, engine.World(), l)
	for highest, want := range map[int]string{100: "", 798: "", 799: "80 %", 998: "100 %", 999: "refused"} {
		given := ever{version.Number("C1-", 3, highest): true}
		d, _, err := version.Begin(version.Header{ID: "d", Scheme: "unit"}, base).Do(&version.Step{Op: "split", Code: "C1-001", Line: []version.Place{{X: side / 3, Y: 3*side - 9}, {X: side / 3, Y: 4*side + 9}}})
		if err != nil {
			t.Fatal(err)
		}
		n, err := d.Name(version.ByRule, code.Rule{}, given, nil)
		switch {
		case want == "refused":
			if err == nil || !strings.Contains(err.Error(), "0 of 999 numbers are left") {
				t.Errorf("%d: %v", highest, err)
			}
		case err != nil:
			t.Errorf("%d: %v", highest, err)
		case (len(n.Warnings) > 0) != (want != "") || want != "" && !strings.Contains(n.Warnings[0], want):
			t.Errorf("%d: %v", highest, n.Warnings)
		}
	}
}

// TestImport replaces one community by other cells and packs the step.
func TestImport(t *testing.T) {
	t.Parallel()
	log, engine := board(t, 4, "plain")
	l := grid.NewLocator()
	base := take(t, engine.World(), l)
	d := version.Begin(version.Header{ID: "d", Scheme: "unit"}, base)
	d, _, err := d.Do(&version.Step{Op: "lock", Codes: []string{"C2-001"}})
	if err != nil {
		t.Fatal(err)
	}
	half := func(y0, y1 int32) geo.Shape { return indextest.Rect(0, y0, 2*side, y1) }
	s := &version.Step{Op: version.OpImport, Parents: []string{"C1"}, Cells: []coverage.Cell{
		{Code: "C1-101", Parent: "C1", Shape: half(0, 2*side+500), Attributes: []coverage.Attribute{{Name: "head", Value: "x"}}},
		{Code: "C1-102", Parent: "C1", Shape: half(2*side+500, 4*side)},
	}}
	next, _, err := d.Do(s)
	if err != nil {
		t.Fatal(err)
	}
	if found := next.Defects(); next.Now.NumFaces() != 10 || len(found) > 0 {
		t.Fatalf("%d cells, %+v", next.Now.NumFaces(), found)
	}
	for n, step := range []*version.Step{{Op: "lock", Codes: []string{"C2-001"}}, s} {
		records, err := step.Records("d", n+1)
		if err != nil {
			t.Fatal(err)
		}
		log.Append(records...)
	}
	w, err := engine.Wait(t.Context(), log.Last())
	if err != nil {
		t.Fatal(err)
	}
	again, err := version.Restore(w, &next.Header, base)
	if err != nil || !bytes.Equal(again.Now.Append(nil), next.Now.Append(nil)) {
		t.Errorf("found again it is another: %v", err)
	}
	back, _, _ := next.Undo()
	if !bytes.Equal(back.Now.Append(nil), d.Now.Append(nil)) {
		t.Error("undone it is another")
	}
	for name, bad := range map[string]*version.Step{
		"gap":                 {Op: version.OpImport, Parents: []string{"C1"}, Cells: []coverage.Cell{{Code: "x", Parent: "C1", Shape: half(0, 3*side)}}},
		"outside":             {Op: version.OpImport, Parents: []string{"C1"}, Cells: []coverage.Cell{{Code: "x", Parent: "C1", Shape: half(-5, 4*side)}}},
		"locked":              {Op: version.OpImport, Cells: []coverage.Cell{{Code: "x", Parent: "C1", Shape: indextest.Rect(0, 0, 4*side, 4*side)}}},
		"not among the areas": {Op: version.OpImport, Parents: []string{"C1"}, Cells: []coverage.Cell{{Code: "x", Parent: "C2", Shape: half(0, 4*side)}}},
	} {
		if _, _, err := d.Do(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseStep reads any text: a step that is written again as it was read, or a fault with a field; never a panic, also when it is
// done.
func FuzzParseStep(f *testing.F) {
	for _, s := range []string{
		`{"op":"move_vertex","from":[0,0],"to":[0.001,0.001]}`, `{"op":"split","code":"C1-001","line":[[0.001,-1],[0.001,1]]}`, `{"op":"merge","codes":["C1-001","C1-002"]}`,
		`{"op":"carve","code":"C1-001","ring":[[0.001,0.001],[0.0015,0.001],[0.001,0.0015]],"new":[]}`, `{"op":"carve","code":"C1-001","ring":[],"new":null}`, `{"op":"assign","list":[{"code":"a","parent":"b"}]}`,
		`{"op":"set_attributes","code":"C1-001","set":{"a":""}}`, `{"op":"renumber"}`, `{"op":"split","keep_at":[1],"code":"","line":null}`, `[]`, `{"op":1}`, `null`, `{"op":"lock","codes":[]}`,
	} {
		f.Add(s)
	}
	_, engine := board(f, 4, "plain")
	base := take(f, engine.World(), grid.NewLocator())
	f.Fuzz(func(t *testing.T, text string) {
		s, err := version.ParseStep([]byte(text))
		if err != nil {
			if fault, ok := err.(*data.FieldError); !ok || fault.Field == "" || fault.Why == "" { //nolint:errorlint // it promises this type
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		once, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := version.ParseStep(once)
		if err != nil {
			// Empty members are left out and missed then.
			return
		}
		twice, err := json.Marshal(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s becomes %s", once, twice)
		}
		d := version.Begin(version.Header{ID: "d", Scheme: "unit"}, base)
		next, _, err := d.Do(s)
		if err != nil {
			return
		}
		// Whatever is done keeps a coverage, though not of the same outline.
		if err := next.Now.Euler(); err != nil {
			t.Fatalf("%s: %v", once, err)
		}
	})
}

// TestConflictsAndRebase edits on one base and on the next.
func TestConflictsAndRebase(t *testing.T) {
	t.Parallel()
	log, engine := board(t, 4, "plain")
	l := grid.NewLocator()
	base := take(t, engine.World(), l)
	begin := func(id string, steps ...*version.Step) *version.Draft {
		d := version.Begin(version.Header{ID: id, Scheme: "unit"}, base)
		for _, s := range steps {
			var err error
			if d, _, err = d.Do(s); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	middle, there, other := version.Place{X: side, Y: side}, version.Place{X: side + 900, Y: side}, version.Place{X: side, Y: side + 900}
	one := begin("one", &version.Step{Op: "move_vertex", From: &middle, To: &there})
	two := begin("two", &version.Step{Op: "move_vertex", From: &middle, To: &other}, &version.Step{Op: "set_attributes", Code: "C2-002", Set: map[string]string{"head": "a"}})
	far := begin("far", &version.Step{Op: "merge", Codes: []string{"C2-001", "C2-002"}})
	if c := version.Conflicts(one, two); len(c) != 4 || c[0].Kind != "border" || len(c[0].Cells) != 2 {
		t.Errorf("%+v", c)
	}
	if c := version.Conflicts(two, far); len(c) != 1 || c[0].Kind != "cell" || c[0].Cells[0] != "C2-002" {
		t.Errorf("%+v", c)
	}
	if c := version.Conflicts(one, far); len(c) > 0 {
		t.Errorf("%+v", c)
	}
	given := ever{}
	n, err := one.Name(version.ByRule, code.Rule{}, given, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := one.Publish(engine.World(), n, l)
	if err != nil || len(p.Changes) != 4 {
		t.Fatal(err, len(p.Changes))
	}
	w, err := engine.Wait(t.Context(), log.Append(p.Changes...))
	if err != nil {
		t.Fatal(err)
	}
	now := take(t, w, l)
	if differ := base.Same(now); len(differ) != 4 {
		t.Errorf("%v", differ)
	}
	if _, err := two.Rebase(now, []*version.Step{{Op: "move_vertex", From: &middle, To: &other}}); err == nil || !strings.Contains(err.Error(), "4 cells that the draft changes were changed by others") {
		t.Error(err)
	}
	next, err := far.Rebase(now, []*version.Step{{Op: "merge", Codes: []string{"C2-001", "C2-002"}}})
	if err != nil || next.Base != now || !slices.Equal(next.Touched(), far.Touched()) || len(next.Defects()) > 0 {
		t.Errorf("%v", err)
	}
}

// TestRefusalsName the reason.
func TestRefusalsName(t *testing.T) {
	t.Parallel()
	_, engine := board(t, 4, "plain")
	d := version.Begin(version.Header{ID: "d", Scheme: "unit"}, take(t, engine.World(), grid.NewLocator()))
	_, _, err := d.Do(&version.Step{Op: "renumber", Parents: []string{"none"}})
	if refused, ok := err.(*edit.RefusalError); !ok || refused.Reason != edit.Unknown { //nolint:errorlint // it promises this type
		t.Error(err)
	}
}

// BenchmarkEdit moves a vertex of the 11,490 cells of the sample city to and fro and proves the whole each time.
func BenchmarkEdit(b *testing.B) {
	w := sampletest.World(b, "units", "villages", "districts")
	base := take(b, w, grid.NewLocator())
	d := version.Begin(version.Header{ID: "d", Scheme: "unit", LeastWidth: 0.5}, base)
	here, ok := geo.FromDegrees(121.5345657, 25.0411255)
	there, also := geo.FromDegrees(121.5347, 25.0412)
	if !ok || !also {
		b.Fatal("no place")
	}
	from, to := version.Place(here), version.Place(there)
	var slowest time.Duration
	for b.Loop() {
		start := time.Now()
		next, _, err := d.Do(&version.Step{Op: "move_vertex", From: &from, To: &to})
		if err != nil {
			b.Fatal(err)
		}
		if found := next.Defects(); len(found) > 0 {
			b.Fatal(found[0])
		}
		slowest = max(slowest, time.Since(start))
	}
	b.ReportMetric(float64(slowest.Microseconds())/1000, "ms-slowest")
}
