package duplicate_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/profiles"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// list finds cases by looking at all of them, and hands out more than it is asked for.
type list []duplicate.Known

func (l list) OfPart(_ context.Context, layer, id string, _ time.Time) ([]duplicate.Known, error) {
	return slices.DeleteFunc(slices.Clone(l), func(k duplicate.Known) bool {
		return !slices.ContainsFunc(k.Parts, func(p cases.Part) bool { return p.Layer == layer && p.ID == id })
	}), nil
}

func (l list) Around(context.Context, cases.Position, float64, time.Time) ([]duplicate.Known, error) {
	return slices.Clone(l), nil
}

// north is a point so many metres north of the place of the report.
func north(metres float64) *cases.Position {
	return &cases.Position{Lon: 116.4, Lat: 39.9 + metres/111_000}
}

func find(t testing.TB, rules *duplicate.Rules, r *duplicate.Report, known ...duplicate.Known) []duplicate.Match {
	t.Helper()
	out, err := rules.Find(context.Background(), r, list(known), 10)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func ids(all []duplicate.Match) string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].ID
	}
	return strings.Join(out, " ")
}

func TestFind(t *testing.T) {
	rubbish, stalls := cases.Class{Edition: "2013", Kind: "event", Code: "0110"}, cases.Class{Edition: "2013", Kind: "event", Code: "0406"}
	cover := []cases.Part{{Layer: "covers", ID: "7"}}
	day := 24 * time.Hour
	report := &duplicate.Report{Case: "me", Class: rubbish, Parts: cover, Point: north(0), Description: "市场东门有一堆垃圾", At: now}
	got := find(t, duplicate.Default(), report,
		duplicate.Known{ID: "me", Class: rubbish, Point: north(0), Opened: now},
		duplicate.Known{ID: "part-far", Class: stalls, Parts: cover, Point: north(400), Opened: now.Add(-day)},
		duplicate.Known{ID: "part", Class: stalls, Parts: cover, Point: north(1), Opened: now.Add(-day)},
		duplicate.Known{ID: "near", Class: rubbish, Point: north(20), Opened: now.Add(-30 * day)},
		duplicate.Known{ID: "closed", Class: rubbish, Point: north(20), Opened: now.Add(-30 * day), Rested: now.Add(-6 * day)},
		duplicate.Known{ID: "long-closed", Class: rubbish, Point: north(1), Opened: now.Add(-30 * day), Rested: now.Add(-8 * day)},
		duplicate.Known{ID: "far", Class: rubbish, Point: north(60), Opened: now.Add(-day)},
		duplicate.Known{ID: "words", Class: stalls, Point: north(5), Opened: now.Add(-day), Description: "市场东门，有一堆垃圾！"},
		duplicate.Known{ID: "other-words", Class: stalls, Point: north(5), Opened: now.Add(-day), Description: "路灯不亮"},
		duplicate.Known{ID: "other-edition", Class: cases.Class{Edition: "2007", Kind: "event", Code: "0110"}, Point: north(5), Opened: now.Add(-day)},
		duplicate.Known{ID: "part-of-that-code", Class: cases.Class{Edition: "2013", Kind: "part", Code: "0110"}, Point: north(5), Opened: now.Add(-day)},
		duplicate.Known{ID: "later", Class: rubbish, Point: north(5), Opened: now.Add(day)},
		duplicate.Known{ID: "nowhere", Class: rubbish, Opened: now.Add(-day)},
	)
	if want := "part part-far near closed words"; ids(got) != want {
		t.Errorf("got  %s\nwant %s", ids(got), want)
	}
	for _, m := range got {
		if m.Score <= 0 || m.Score > 1 || m.Reasons[0].Title["zh"] == "" || m.Reasons[0].Title["en"] == "" {
			t.Errorf("%+v", m)
		}
	}
	if got[0].Reasons[0].Code != duplicate.SamePart || got[2].Reasons[0].Code != duplicate.SameClass || math.Abs(got[2].Reasons[0].Metres-20) > 0.5 || got[4].Reasons[0].Code != duplicate.LikeWords {
		t.Errorf("%+v", got)
	}
	if some, err := duplicate.Default().Find(context.Background(), report, list{got[0].Known, got[1].Known}, 1); err != nil || ids(some) != "part" {
		t.Errorf("at most one: %s, %v", ids(some), err)
	}
	// Without a class and a place there are the parts alone.
	if got := find(t, duplicate.Default(), &duplicate.Report{Parts: cover, At: now}, got[0].Known, got[2].Known); ids(got) != "part" {
		t.Errorf("parts alone: %s", ids(got))
	}
}

type broken struct{ list }

func (broken) Around(context.Context, cases.Position, float64, time.Time) ([]duplicate.Known, error) {
	return nil, context.Canceled
}

func TestFindFails(t *testing.T) {
	if _, err := duplicate.Default().Find(context.Background(), &duplicate.Report{Point: north(0), At: now}, broken{}, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestOrder sees, for random cases, that the same part always comes before the same class and this before words, and that
// moving a case away or letting time pass never makes it more likely.
func TestOrder(t *testing.T) {
	class := cases.Class{Code: "0110"}
	part := []cases.Part{{Layer: "covers", ID: "7"}}
	rapid.Check(t, func(t *rapid.T) {
		report := &duplicate.Report{Class: class, Parts: part, Point: north(0), Description: "一堆垃圾在东门", At: now}
		var known []duplicate.Known
		for i := range rapid.IntRange(1, 12).Draw(t, "cases") {
			k := duplicate.Known{ID: fmt.Sprint(i), Opened: now.Add(-time.Hour), Point: north(rapid.Float64Range(0, 80).Draw(t, "metres"))}
			if rapid.Bool().Draw(t, "class") {
				k.Class = class
			}
			if rapid.Bool().Draw(t, "part") {
				k.Parts = part
			}
			if rapid.Bool().Draw(t, "closed") {
				k.Rested = now.Add(-time.Duration(rapid.IntRange(0, 200).Draw(t, "hours")) * time.Hour)
				k.Opened = k.Rested.Add(-time.Hour)
			}
			k.Description = rapid.SampledFrom([]string{"", "一堆垃圾在东门", "东门有垃圾", "路灯不亮"}).Draw(t, "words")
			known = append(known, k)
		}
		rank := map[duplicate.Code]int{duplicate.SamePart: 0, duplicate.SameClass: 1, duplicate.LikeWords: 2}
		last := 0
		all, _ := duplicate.Default().Find(context.Background(), report, list(known), 100)
		for _, m := range all {
			if r := rank[m.Reasons[0].Code]; r < last {
				t.Fatalf("%s comes late: %+v", m.ID, all)
			} else {
				last = r
			}
			moved := m.Known
			moved.Point = &cases.Position{Lon: m.Point.Lon, Lat: m.Point.Lat + rapid.Float64Range(0, 0.0004).Draw(t, "further")}
			after, _ := duplicate.Default().Find(context.Background(), report, list{moved}, 1)
			if len(after) > 0 && after[0].Score > m.Score+1e-12 {
				t.Fatalf("%s is more likely further away: %v after %v", m.ID, after[0].Score, m.Score)
			}
		}
	})
}

func TestLikeness(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"", "", 0}, {"垃", "垃", 0}, {"垃圾", "垃圾", 1}, {"一堆垃圾", "垃圾一堆", 2.0 / 3}, {"Main St.", "main st", 1}, {"路灯", "垃圾", 0}, {"垃圾垃圾", "垃圾", 0.5},
	} {
		if got := duplicate.Likeness(c.a, c.b); math.Abs(got-c.want) > 1e-9 || got != duplicate.Likeness(c.b, c.a) {
			t.Errorf("%q and %q: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	const text = "[others]\nmetres = 50\ndays = 7\nwords = 0.5\n[classes.lamps]\nclasses = [\"0137\"]\nmetres = 15\ndays = 3\n[classes.roads]\nclasses = [\"01\"]\nmetres = 200\n"
	rules, err := duplicate.Parse("duplicates.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	lamp, road := cases.Class{Code: "0137"}, cases.Class{Code: "0113"}
	known := []duplicate.Known{{ID: "lamp", Class: lamp, Point: north(20), Opened: now}, {ID: "road", Class: road, Point: north(150), Opened: now}}
	if got := find(t, rules, &duplicate.Report{Class: lamp, Point: north(0), At: now}, known...); len(got) != 0 {
		t.Errorf("a lamp 20 m away: %s", ids(got))
	}
	if got := find(t, rules, &duplicate.Report{Class: road, Point: north(0), At: now}, known...); ids(got) != "road" {
		t.Errorf("a road 150 m away: %s", ids(got))
	}
	for _, c := range []struct{ old, new, want string }{
		{"metres = 50", "metres = 0", "duplicates.toml:2: others: metres: must be above 0"},
		{"days = 7", "days = -1", "duplicates.toml:3: others: days: must be from 0 to 366"},
		{"words = 0.5", "words = 2", "must be from 0 to 1"},
		{"classes = [\"0137\"]\n", "", "duplicates.toml:5: classes.lamps: classes: is missing"},
		{"metres = 15", "meters = 15", "nobody knows this member"},
	} {
		_, err := duplicate.Parse("duplicates.toml", strings.Replace(text, c.old, c.new, 1))
		if _, ok := errors.AsType[*rows.Error](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.new, err, c.want)
		}
	}
}

// TestProfiles sees that the rules that come with gewu can be read.
func TestProfiles(t *testing.T) {
	files, err := fs.Glob(profiles.Files, "*/duplicates.toml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(profiles.Files, file)
		if err != nil {
			t.Fatal(err)
		}
		if rules, err := duplicate.Parse(file, string(text)); err != nil || rules.Others.Metres <= 0 {
			t.Errorf("%+v, %v", rules, err)
		}
	}
}

// TestWindowsOfClasses: what no rule names is as wide and as long as the table of classes says.
func TestWindowsOfClasses(t *testing.T) {
	cover := cases.Class{Edition: "2013", Kind: "part", Code: "0101"}
	rules := duplicate.Default()
	rules.Windows = func(class cases.Class) (float64, time.Duration) {
		if class.Kind == "part" {
			return 20, 24 * time.Hour
		}
		return 0, 0
	}
	known := []duplicate.Known{
		{ID: "near", Class: cover, Point: north(15), Opened: now.Add(-time.Hour)},
		{ID: "far", Class: cover, Point: north(30), Opened: now.Add(-time.Hour)},
		{ID: "old", Class: cover, Point: north(1), Opened: now.Add(-72 * time.Hour), Rested: now.Add(-48 * time.Hour)},
	}
	if got := ids(find(t, rules, &duplicate.Report{Class: cover, Point: north(0), At: now}, known...)); got != "near" {
		t.Errorf("found %q", got)
	}
	other := cases.Class{Edition: "2013", Kind: "event", Code: "0101"}
	for i := range known {
		known[i].Class = other
	}
	if got := ids(find(t, rules, &duplicate.Report{Class: other, Point: north(0), At: now}, known...)); len(strings.Fields(got)) != 3 {
		t.Errorf("of another kind found %q", got)
	}
	rules.ByClass = []duplicate.Rule{{Classes: []string{"01"}, Metres: 100, Window: 72 * time.Hour}}
	for i := range known {
		known[i].Class = cover
	}
	if got := find(t, rules, &duplicate.Report{Class: cover, Point: north(0), At: now}, known...); len(got) != 3 {
		t.Errorf("by the rule of the profile found %q", ids(got))
	}
}
