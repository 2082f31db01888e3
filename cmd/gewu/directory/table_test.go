package directory

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

func orNil[T any](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return all
}

var (
	anyText = rapid.StringMatching(`[a-z路,"][a-z路 ,"]{0,5}[a-z路,"]`)
	anyCode = rapid.StringMatching(`[A-Z0-9-]{1,6}`)
	anyTime = rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "never") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 1<<31).Draw(t, "time"), 0).UTC()
	})
)

// TestTablesComeBack writes random organisations and staff to tables and reads them again.
func TestTablesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var organisations []*people.Organisation
		for range rapid.IntRange(0, 4).Draw(t, "organisations") {
			o := &people.Organisation{ID: anyCode.Draw(t, "id"), Title: data.Title{"zh": anyText.Draw(t, "title")}, Level: "street", Retired: anyTime.Draw(t, "retired")}
			if rapid.Bool().Draw(t, "in French") {
				o.Title["fr"] = anyText.Draw(t, "title")
			}
			for range rapid.IntRange(0, 3).Draw(t, "areas") {
				roles := rapid.SliceOfNDistinct(rapid.SampledFrom(people.Roles()), 0, 3, rapid.ID[people.Role]).Draw(t, "roles")
				o.Areas = append(o.Areas, people.AreaRef{Level: "district", Code: anyCode.Draw(t, "code"), Roles: orNil(roles), Classes: orNil(rapid.SliceOfN(anyCode, 0, 2).Draw(t, "classes"))})
			}
			organisations = append(organisations, o)
		}
		var b bytes.Buffer
		if err := writeOrganisations(&b, organisations); err != nil {
			t.Fatal(err)
		}
		again, _, err := readOrganisations("o.csv", &b)
		if err != nil || !reflect.DeepEqual(again, organisations) {
			t.Fatalf("%+v became %+v, %v", organisations, again, err)
		}
		var staff []*people.Staff
		for i := range rapid.IntRange(0, 4).Draw(t, "staff") {
			s := &people.Staff{ID: string(rune('a' + i)), Name: anyText.Draw(t, "name"), Left: anyTime.Draw(t, "left")}
			for range rapid.IntRange(0, 3).Draw(t, "holdings") {
				h := people.Holding{Post: "p", Organisation: "o", From: anyTime.Draw(t, "from"), To: anyTime.Draw(t, "to"), Deputy: rapid.Bool().Draw(t, "deputy")}
				if h.Cells = orNil(rapid.SliceOfN(anyCode, 0, 3).Draw(t, "cells")); h.Cells != nil {
					h.Scheme = "unit"
				}
				s.Holdings = append(s.Holdings, h)
			}
			staff = append(staff, s)
		}
		if err := writeStaff(&b, staff); err != nil {
			t.Fatal(err)
		}
		if again, _, err := readStaff("s.csv", &b); err != nil || !reflect.DeepEqual(again, staff) {
			t.Fatalf("%+v became %+v, %v", staff, again, err)
		}
	})
}

// TestWrongRows checks that each fault is told with file, row, column and value.
func TestWrongRows(t *testing.T) {
	organisations := func(text string) error {
		_, _, err := readOrganisations("o.csv", strings.NewReader(text))
		return err
	}
	staff := func(text string) error {
		_, _, err := readStaff("s.csv", strings.NewReader(text))
		return err
	}
	for want, err := range map[string]error{
		"":                                           organisations("\ufeffID,title_zh,level\na,处,street\n"),
		"o.csv: is empty":                            organisations(""),
		"o.csv: is not UTF-8; iconv":                 organisations("id\n\xb4\xa6\n"),
		"o.csv, row 1, id: is missing":               organisations("level\nx\n"),
		"o.csv, row 1, colour: is no column":         organisations("id,colour\nx,y\n"),
		"o.csv, row 1, id: is there twice":           organisations("id,ID\nx,y\n"),
		"row 3: has 3 fields, the header 2":          organisations("id,level\na,b\na,b,c\n"),
		`row 2, areas: must be level:code`:           organisations("id,areas\na,district=1\n"),
		`row 2, retired: must be a date`:             organisations("id,retired\na,yesterday\n"),
		`s.csv, row 1, title_zh: is no column`:       staff("id,title_zh\na,b\n"),
		`s.csv, row 3, name: differs from that of a`: staff("id,name\na,b\na,c\n"),
		`s.csv, row 2, deputy: must be true`:         staff("id,deputy\na,yes\n"),
		`s.csv, row 3, left: differs`:                staff("id,left\na,\na,2026-01-01\n"),
	} {
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
	}
}

// TestFaultsHaveRows checks that what a server says of records is told by the rows that they come from.
func TestFaultsHaveRows(t *testing.T) {
	_, at, err := readStaff("s.csv", strings.NewReader("id,name,post,organisation\n1,李,,\n2,王,handler,a\n1,,handler,b\n2,,planner,c\n"))
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]fault{
		`s.csv, row 2, name: is missing`:               {"staff", "1", "name", "", "is missing"},
		`s.csv, row 4, post: is no post (value "x")`:   {"staff", "1", "holdings[0].post", "x", "is no post"},
		`s.csv, row 5, post: is no post (value "y")`:   {"staff", "2", "holdings[1].post", "y", "is no post"},
		`post p, duty: is no role (value "z")`:         {"post", "p", "duty", "z", "is no role"},
		`s.csv, row 5, id: is named twice (value "2")`: {"staff", "2", "id", "2", "is named twice"},
	} {
		if have := at.locate(f); have.Error() != want {
			t.Errorf("%v, want %s", have, want)
		}
	}
	var row *rowError
	if !errors.As(at.locate(fault{Kind: "staff", ID: "1", Field: "name"}), &row) || row.row != 2 {
		t.Errorf("row %+v", row)
	}
}

func FuzzStaff(f *testing.F) {
	f.Add("id,name,post,organisation,scheme,cells,from,to,stands_in_for,deputy,left\n1,李,handler,a,unit,1;2,2026-01-01,,2,true,\n")
	f.Add("id\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, at, err := readStaff("s.csv", strings.NewReader(text))
		if err != nil {
			return
		}
		for _, s := range all {
			if at[data.AdminName(data.AdminStaff, s.ID)] == nil {
				t.Errorf("%q has no rows", s.ID)
			}
		}
	})
}
