package cases_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// TestPeople sees that a directory of people answers as the desk asks: organisations that have ended are none, and posts
// are held for a time.
func TestPeople(t *testing.T) {
	title := data.Title{"zh": "水务", "en": "Water"}
	d := (&people.Directory{}).With(&people.Update{
		Organisations: []*people.Organisation{{ID: "district", Title: title, Level: "district"}, {ID: "water", Title: title, Level: "department", Parent: "district", Retired: day.AddDate(1, 0, 0)}},
		Staff:         []*people.Staff{{ID: "li", Name: "李", Left: day.AddDate(0, 2, 0), Holdings: []people.Holding{{Post: "handler", Organisation: "water", To: day.AddDate(0, 1, 0)}}}},
	})
	at := func(months int) cases.Directory { return cases.People(d, day.AddDate(0, months, 0).Add(-time.Hour)) }
	if got := at(0).Path("water"); !slices.Equal(got, []string{"district", "water"}) {
		t.Errorf("the path is %v", got)
	}
	if got := at(13).Path("water"); got != nil {
		t.Errorf("an organisation that has ended has the path %v", got)
	}
	for _, c := range []struct {
		months                     int
		person, post, organisation string
		want                       bool
	}{
		{0, "li", "handler", "water", true},
		{0, "li", "handler", "district", false},
		{0, "li", "dispatcher", "water", false},
		{2, "li", "handler", "water", false},
		{2, "li", "", "", true},
		{3, "li", "", "", false},
		{0, "wang", "", "", false},
	} {
		if got := at(c.months).Holds(c.person, c.post, c.organisation); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
