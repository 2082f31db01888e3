package people_test

import (
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/people"
)

// BenchmarkDirectory makes the directory of a city with 20,000 staff in 300 organisations anew, after a change of one
// person, and asks it for the duties of a place.
func BenchmarkDirectory(b *testing.B) {
	w := town{organisations: []*people.Organisation{office("top", "")}}
	for i := range 300 {
		o := office(fmt.Sprint("o", i), "top")
		o.Areas = []people.AreaRef{{Level: "street", Code: fmt.Sprint(i)}}
		w.organisations = append(w.organisations, o)
	}
	for i := range 20_000 {
		h := people.Holding{Post: "grid-head", Organisation: fmt.Sprint("o", i%300), Scheme: "unit", Cells: []string{fmt.Sprint(i), fmt.Sprint(i + 1)}}
		w.staff = append(w.staff, &people.Staff{ID: fmt.Sprint("s", i), Name: "李静", Holdings: []people.Holding{h}})
	}
	u := people.Update{Organisations: w.organisations, Staff: w.staff}
	changes, err := u.Changes()
	if err != nil {
		b.Fatal(err)
	}
	log := indextest.NewLog()
	log.Append(changes...)
	e := indextest.Start(b, log)
	person, err := people.Record(w.staff[7])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Of", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			world := indextest.At(b, e, log.Append(person.Put()))
			b.StartTimer()
			people.Of(world)
		}
	})
	b.Run("Kept", func(b *testing.B) {
		for b.Loop() {
			people.Of(e.World())
		}
	})
	d := people.Of(e.World())
	place := people.Place{Cells: []people.CellRef{{Scheme: "unit", Code: "9"}}, Areas: []people.AreaKey{{Level: "street", Code: "9"}}}
	b.Run("DutiesAt", func(b *testing.B) {
		for b.Loop() {
			d.DutiesAt(place, "", start)
		}
	})
}
