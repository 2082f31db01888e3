package cases_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/profiles"
)

var (
	inCity = cases.Position{Lon: 116.4, Lat: 39.9}
	abroad = cases.Position{Lon: 0, Lat: 39.9} // see [ground]
)

// TestOutside lets a report and each later form that takes a point come with one outside of the city.
func TestOutside(t *testing.T) {
	d, m := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	report := cases.Form{Source: "hotline", Description: "井盖缺失", Point: &abroad}
	r := p.refused("B-1", "operator wang@supervision", "report", report, process.Outside)
	if r.Field != "point" || r.Value != "0,39.9" {
		t.Errorf("field %q, value %q", r.Field, r.Value)
	}
	for lang, want := range map[string][]string{"zh": {"0,39.9", "不在本市", "东华门", "17 m", "核对"}, "en": {"0,39.9", "no area of the city", "东华门 is nearest, 17 m away", "check"}} {
		for _, one := range want {
			if !strings.Contains(r.Title[lang], one) {
				t.Errorf("%s: %s does not say %q", lang, r.Title[lang], one)
			}
		}
	}
	if len(m.cases) != 0 {
		t.Fatalf("a case began: %v", m.cases)
	}
	// Without a place it begins; what comes later must be in the city.
	p.do("B-1", "operator wang@supervision", "report", cases.Form{Source: "hotline", Description: "井盖缺失"}, "submitted")
	p.do("B-1", "operator wang@supervision", "verify-ask", cases.Form{Person: "li@supervision"}, "verifying")
	p.refused("B-1", "collector li@supervision", "verify-true", cases.Form{Point: &abroad}, process.Outside)
	p.do("B-1", "collector li@supervision", "verify-true", cases.Form{}, "accepted")
	class := &cases.Class{Kind: "part", Code: "0102"}
	if r := p.refused("B-1", "duty-chief zhao@supervision", "register", cases.Form{Class: class}, process.GuardFails); r.Guard != process.Located {
		t.Errorf("without a place: %+v", r)
	}
	p.refused("B-1", "duty-chief zhao@supervision", "register", cases.Form{Class: class, Point: &abroad}, process.Outside)
	if c := p.do("B-1", "duty-chief zhao@supervision", "register", cases.Form{Class: class, Point: &inCity}, "registered"); len(c.Place().Areas) != 1 {
		t.Errorf("filed at %+v", c.Place())
	}
	// Far from every area nothing is near.
	d.Locate = elsewhere{}
	if r := p.refused("B-2", "operator wang@supervision", "report", report, process.Outside); strings.Contains(r.Title["en"], "nearest") || strings.Contains(r.Title["zh"], "最近") {
		t.Errorf("%v", r.Title)
	}
}

// elsewhere is a city with areas, none of which is near.
type elsewhere struct{}

func (elsewhere) Locate(_ context.Context, m *cases.Matter) (*cases.Place, error) {
	return &cases.Place{Seq: 1, Point: &m.Point, Outside: &cases.Outside{}}, nil
}

// TestOutsideIsNotFiled has a case that a file brought with a place outside of the city: in every state, every action by every
// post is an event or refused by a name, and none that asks for a place goes through before there is one.
func TestOutsideIsNotFiled(t *testing.T) {
	files, err := fs.Glob(profiles.Files, "*/process.toml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		profile := strings.TrimSuffix(file, "/process.toml")
		d, m := desk(t, profile)
		table, _ := d.Tables.Newest(profile)
		done, err := d.Do(context.Background(), &cases.Command{
			Case: "F-1", At: day, Action: "report", Actor: cases.Actor{Person: "wang@supervision", Organisation: "supervision", Post: "operator"},
			Form: cases.Form{Source: "hotline", Description: "井盖缺失", Point: &abroad}, Anywhere: true,
		})
		if err != nil || done.Outside == nil || done.Event.Place == nil || done.Event.Place.Outside != nil {
			t.Fatalf("%s: %+v, %v", profile, done, err)
		}
		asked := 0
		for i := range table.States {
			c := done.Case.Clone()
			c.State, c.Final = table.States[i].ID, table.States[i].Final
			for _, action := range table.Actions {
				for _, post := range table.Posts() {
					m.cases["F-1"] = c
					cmd := &cases.Command{Case: "F-1", At: day, Action: action.ID, Actor: cases.Actor{Person: "p@district", Organisation: "district", Post: post}}
					if post == process.System {
						cmd.Actor = cases.Actor{Post: post}
					}
					step, _ := table.Step(c.State, action.ID, post)
					asks := step != nil && step.Asks(process.Located)
					if asks {
						asked++
						cmd.Form.Class, cmd.Form.Fields = &cases.Class{Kind: "part", Code: "0102"}, map[string]string{}
						for _, id := range step.Require {
							if _, fixed := process.FixedField(id); !fixed {
								cmd.Form.Fields[id] = "x"
							}
						}
					}
					_, err := d.Do(context.Background(), cmd)
					refusal, refused := errors.AsType[*process.RefusalError](err)
					_, wrong := errors.AsType[*data.FieldError](err)
					switch {
					case asks && (!refused || refusal.Code != process.Outside || refusal.Guard != process.Located || refusal.Value != "0,39.9"):
						t.Errorf("%s: %s by %s in %s: %v", profile, action.ID, post, c.State, err)
					case err != nil && !wrong && (!refused || refusal.Code == "" || refusal.Title["zh"] == "" || refusal.Title["en"] == ""):
						t.Errorf("%s: %s by %s in %s is refused without a name: %v", profile, action.ID, post, c.State, err)
					}
				}
			}
		}
		if asked == 0 {
			t.Errorf("%s: no step asks for a place", profile)
		}
	}
}
