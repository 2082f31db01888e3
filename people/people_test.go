package people_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// TestDefaultPosts checks that the posts of the beginning are valid, have titles in both languages and fit a record.
func TestDefaultPosts(t *testing.T) {
	var ids []string
	for _, p := range people.DefaultPosts() {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
		if p.Title["zh"] == "" || p.Title["en"] == "" {
			t.Errorf("%s has the title %v", p.ID, p.Title)
		}
		ids = append(ids, p.ID)
		a, err := people.Record(&p)
		if err != nil || a.Validate() != nil || a.Name() != "post:"+p.ID {
			t.Fatalf("record %+v, %v", a, err)
		}
		if again, err := people.Read[people.Post](a); err != nil || !reflect.DeepEqual(*again, p) {
			t.Errorf("%+v became %+v, %v", p, again, err)
		}
		for _, g := range p.Layers {
			if g.Write && !slices.Contains(p.Permissions, people.Edit) {
				t.Errorf("%s writes and may not edit", p.ID)
			}
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 11 {
		t.Errorf("posts %v", ids)
	}
}

// TestRecords checks that records keep what they are made of, and refuse what they do not know.
func TestRecords(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := people.Staff{ID: "330101-7", Name: "李静", Left: at, Holdings: []people.Holding{
		{Post: "grid-head", Organisation: "d1", Scheme: "unit", Cells: []string{"1", "2"}, From: at, Deputy: true},
		{Post: "handler", Organisation: "d1", To: at, StandsInFor: "8"},
	}}
	o := people.Organisation{ID: "d1", Title: data.Title{"zh": "市政处"}, Parent: "d", Level: "department", Retired: at, Areas: []people.AreaRef{
		{Level: "district", Code: "01", Roles: []people.Role{people.RoleOwner}, Classes: []string{"0101"}},
	}}
	a, err := people.Record(&s)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := people.Read[people.Staff](a); err != nil || !reflect.DeepEqual(*again, s) {
		t.Errorf("%+v became %+v, %v", s, again, err)
	}
	if a, err = people.Record(&o); err != nil {
		t.Fatal(err)
	}
	if again, err := people.Read[people.Organisation](a); err != nil || !reflect.DeepEqual(*again, o) {
		t.Errorf("%+v became %+v, %v", o, again, err)
	}
	if _, err := people.Read[people.Staff](a); err == nil || !strings.Contains(err.Error(), "organisation:d1") {
		t.Errorf("an organisation was read as staff: %v", err)
	}
}

// TestValidate checks that each fault is told with its field and value.
func TestValidate(t *testing.T) {
	office := func(spoil func(*people.Organisation)) func() error {
		return func() error {
			o := people.Organisation{ID: "d1", Title: data.Title{"zh": "处"}, Level: "street", Areas: []people.AreaRef{{Level: "district", Code: "1"}}}
			spoil(&o)
			return o.Validate()
		}
	}
	post := func(spoil func(*people.Post)) func() error {
		return func() error {
			p := people.Post{ID: "p", Title: data.Title{"zh": "岗"}, Layers: []people.Grant{{Layers: []string{"trees"}, Read: true}}}
			spoil(&p)
			return p.Validate()
		}
	}
	from := time.Unix(9, 0).UTC()
	staff := func(spoil func(*people.Staff)) func() error {
		return func() error {
			s := people.Staff{ID: "7", Name: "李", Holdings: []people.Holding{{Post: "p", Organisation: "d1", Scheme: "unit", Cells: []string{"1"}, From: from}}}
			spoil(&s)
			return s.Validate()
		}
	}
	for want, validate := range map[string]func() error{
		"":                               office(func(*people.Organisation) {}),
		"id: is missing":                 office(func(o *people.Organisation) { o.ID = "" }),
		`id: must be at most 64`:         office(func(o *people.Organisation) { o.ID = "a/b" }),
		"title: is missing":              office(func(o *people.Organisation) { o.Title = nil }),
		"title.zh: is missing":           office(func(o *people.Organisation) { o.Title = data.Title{"zh": " "} }),
		"title: is no tag":               office(func(o *people.Organisation) { o.Title = data.Title{"!": "x"} }),
		`(value "d1")`:                   office(func(o *people.Organisation) { o.Parent = "d1" }),
		"level: must match":              office(func(o *people.Organisation) { o.Level = "Street" }),
		"areas[0].level":                 office(func(o *people.Organisation) { o.Areas[0].Level = "" }),
		"areas[0].code: is missing":      office(func(o *people.Organisation) { o.Areas[0].Code = "" }),
		"areas[1].code: is named twice":  office(func(o *people.Organisation) { o.Areas = append(o.Areas, o.Areas[0]) }),
		"areas[0].roles: must be owner,": office(func(o *people.Organisation) { o.Areas[0].Roles = []people.Role{"staff"} }),
		"areas: are too many":            office(func(o *people.Organisation) { o.Areas = make([]people.AreaRef, people.MaxAreas+1) }),
		"permissions: must be define,":   post(func(p *people.Post) { p.Permissions = []people.Permission{"all"} }),
		"permissions: is named twice":    post(func(p *people.Post) { p.Permissions = []people.Permission{"edit", "edit"} }),
		"duty: must be staff,":           post(func(p *people.Post) { p.Duty = "boss" }),
		"layers[0].layers: is missing":   post(func(p *people.Post) { p.Layers[0].Layers = nil }),
		`layers[0].layers: must be the`:  post(func(p *people.Post) { p.Layers[0].Layers = []string{"T"} }),
		"layers[0].read: allows nothing": post(func(p *people.Post) { p.Layers[0].Read = false }),
		"layers[0].write: needs read":    post(func(p *people.Post) { p.Layers[0].Read, p.Layers[0].Write = false, true }),
		"layers[0].area: must be":        post(func(p *people.Post) { p.Layers[0].Area = "street" }),
		"layers[0].where: is longer":     post(func(p *people.Post) { p.Layers[0].Where = strings.Repeat("x", people.MaxWhere+1) }),
		"layers[0].hide: is missing":     post(func(p *people.Post) { p.Layers[0].Hide = []string{""} }),
		"name: is missing":               staff(func(s *people.Staff) { s.Name = "" }),
		"name: must be UTF-8":            staff(func(s *people.Staff) { s.Name = "a\x00" }),
		"holdings[0].post: is missing":   staff(func(s *people.Staff) { s.Holdings[0].Post = "" }),
		"holdings[0].organisation":       staff(func(s *people.Staff) { s.Holdings[0].Organisation = "-" }),
		"holdings[0].scheme: is missing": staff(func(s *people.Staff) { s.Holdings[0].Scheme = "" }),
		"holdings[0].scheme: must be":    staff(func(s *people.Staff) { s.Holdings[0].Scheme = "U" }),
		"holdings[0].cells: are missing": staff(func(s *people.Staff) { s.Holdings[0].Cells = nil }),
		"holdings[0].cells: is named":    staff(func(s *people.Staff) { s.Holdings[0].Cells = []string{"1", "1"} }),
		"holdings[0].to: must lie after": staff(func(s *people.Staff) { s.Holdings[0].To = from }),
		"holdings[0].stands_in_for":      staff(func(s *people.Staff) { s.Holdings[0].StandsInFor = "7" }),
		"holdings[0].deputy":             staff(func(s *people.Staff) { s.Holdings[0].StandsInFor, s.Holdings[0].Deputy = "8", true }),
	} {
		err := validate()
		switch {
		case want == "" && err != nil:
			t.Errorf("refused: %v", err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("want %q, have %v", want, err)
		case want != "":
			if _, ok := errors.AsType[*data.FieldError](err); !ok {
				t.Errorf("%v is no *data.FieldError", err)
			}
		}
	}
}
