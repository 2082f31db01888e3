package server

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gewu-city/gewu/grid/impact"
)

// casesView is what tests look at of an impact.
type casesView struct {
	impact.Report
	OpenCases *struct {
		impact.Layer
		Unplaced int
	} `json:"open_cases"`
}

// openAt are the open cases that somebody sees, by id, with where they are.
func (o *office) openAt(who string) map[string][2]float64 {
	o.t.Helper()
	out := map[string][2]float64{}
	for cursor := ""; ; {
		list := read[struct {
			Cases []struct {
				ID    string
				Point *struct{ Lon, Lat float64 }
			}
			Next string
		}](o.t, o.get(who, "/v1/cases?open=true&limit=7&cursor="+url.QueryEscape(cursor)))
		for _, one := range list.Cases {
			if one.Point != nil {
				out[one.ID] = [2]float64{one.Point.Lon, one.Point.Lat}
			}
		}
		if cursor = list.Next; cursor == "" {
			return out
		}
	}
}

// TestImpactOnOpenCases files cases all over the town, some on borders, closes a few, publishes a draft, and compares what its
// impact said with locating every open case before and after.
func TestImpactOnOpenCases(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	rng := rand.New(rand.NewPCG(1, 2))
	places := [][2]float64{{121.51, 25.005}, {121.51, 25.01}, {121.507, 25.004}, {121.53, 25.005}, {121.5, 25}, {121.5085, 25.0070001}}
	for range 40 {
		places = append(places, [2]float64{121.5 + 0.04*rng.Float64(), 25 + 0.02*rng.Float64()})
	}
	for i, p := range places {
		id := o.begin("operator", "report", fmt.Sprintf(`{"source":"hotline","description":"第%d件","point":{"lon":%.7f,"lat":%.7f}}`, i, p[0], p[1])).ID
		if i%9 == 8 {
			o.act(id, "operator", "reject", `{"reason":"不属实"}`, "rejected")
		}
	}
	d := "/v1/drafts/" + o.draftAs(as("root"), 201, "POST", "/v1/drafts", `{"scheme":"unit"}`).Draft.ID
	o.draftAs(as("root"), 200, "POST", d+"/steps", `{"op":"move_vertex","from":[121.51,25.01],"to":[121.507,25.004]}`)
	o.draftAs(as("root"), 200, "POST", d+"/steps", `{"op":"merge","codes":["A211-00","A212-00"]}`)
	would := read[casesView](t, o.get("root", d+"/impact"))
	if would.OpenCases == nil || would.OpenCases.Moved == 0 {
		t.Fatalf("no open case comes to another cell: %+v", would.OpenCases)
	}
	open := o.openAt("root")
	closed := len(places) - len(open)
	if would.OpenCases.Points != len(open) || closed != len(places)/9 || would.OpenCases.Unplaced != 0 {
		t.Errorf("%d open cases of %d, %d without a place", would.OpenCases.Points, len(open), would.OpenCases.Unplaced)
	}
	located := func() map[string]string {
		out := map[string]string{}
		for id, p := range open {
			at := read[struct{ Cells []struct{ Code string } }](t, o.get("root", fmt.Sprintf("/v1/locate?lon=%.7f&lat=%.7f", p[0], p[1])))
			out[id] = ""
			if len(at.Cells) > 0 {
				out[id] = at.Cells[0].Code
			}
		}
		return out
	}
	csv := o.get("root", d+"/impact?format=csv").body
	was := located()
	o.draftAs(as("root"), 200, "POST", d+"/check", "")
	o.draftAs(as("boss"), 200, "POST", d+"/approve", "")
	o.draftAs(as("boss"), 200, "POST", d+"/publish", "")
	is := located()
	want, got := map[[2]string]int{}, map[[2]string]int{}
	for id := range open {
		if was[id] != is[id] {
			want[[2]string{was[id], is[id]}]++
		}
	}
	for _, f := range would.OpenCases.List {
		if !f.Moved() {
			continue
		}
		got[[2]string{f.From, f.To}] = f.Count
		if line := fmt.Sprintf("\nopen-cases,%s,%s,%d,\n", f.From, f.To, f.Count); !strings.Contains(csv, line) {
			t.Errorf("the table lacks %q", line)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("open cases (-located +impact)\n%s", diff)
	}
	// Cells count them before and after.
	for _, c := range would.OpenCases.Cells {
		before, after := 0, 0
		for id := range open {
			if was[id] == c.Code {
				before++
			}
			if is[id] == c.Code {
				after++
			}
		}
		if before != c.Before || after != c.After {
			t.Errorf("%s has %d and %d open cases, not %d and %d", c.Code, before, after, c.Before, c.After)
		}
	}
}

// TestImpactCountsWhatIsSeen: everybody is told of the open cases that they could list.
func TestImpactCountsWhatIsSeen(t *testing.T) {
	o := working(t, "dongcheng-2004", nil)
	for i := range 6 {
		o.begin("operator", "report", fmt.Sprintf(`{"source":"hotline","description":"第%d件","private":%t,"point":{"lon":%.4f,"lat":25.005}}`, i, i%2 == 0, 121.505+0.006*float64(i)))
	}
	counts := map[int]bool{}
	for _, who := range []string{"root", "boss", "operator", "far-hand", "idle", ""} {
		a := o.do("GET", "/v1/schemes/unit/impact?from=2", as(who), "")
		if a.status == 404 {
			continue // the scheme does not exist for them
		}
		seen := read[struct{ Count int }](t, o.get(who, "/v1/cases/count?open=true")).Count
		v := read[casesView](t, a)
		switch {
		case v.OpenCases == nil && seen > 0:
			t.Errorf("%q sees %d open cases and is told of none", who, seen)
		case v.OpenCases != nil && v.OpenCases.Points+v.OpenCases.Unplaced != seen:
			t.Errorf("%q sees %d open cases and is told of %d", who, seen, v.OpenCases.Points)
		}
		counts[seen] = true
	}
	if len(counts) < 2 {
		t.Errorf("all see the same: %v", counts)
	}
}

// TestImpactWithoutCases says nothing of cases where there are none, nor of what was open once.
func TestImpactWithoutCases(t *testing.T) {
	c := newCity(t, nil).fill()
	if a := c.do("GET", "/v1/schemes/unit/impact?from=2", nil, ""); a.status != 200 || strings.Contains(a.body, "open_cases") {
		t.Errorf("%d %s", a.status, a.body)
	}
	o := working(t, "dongcheng-2004", nil)
	var v map[string]json.RawMessage
	if v = read[map[string]json.RawMessage](t, o.get("root", "/v1/schemes/unit/impact?from=2")); v["open_cases"] == nil {
		t.Error("nothing is told of the open cases of a city with cases and none open")
	}
	seq := o.store.Last()
	o.move("tree00", 121.51005, 25.005)
	if v = read[map[string]json.RawMessage](t, o.get("root", fmt.Sprintf("/v1/schemes/unit/impact?from=2&to=%d", seq))); v["open_cases"] != nil {
		t.Errorf("of the past: %s", v["open_cases"])
	}
}
