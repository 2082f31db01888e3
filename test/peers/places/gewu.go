package places

import (
	"errors"
	"time"

	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/test/peers/proc"
)

// Gewu is the geocoder of this module, in this process.
type Gewu struct {
	world    *index.World
	geocoder *geocode.Geocoder
}

// NewGewu is one of a city, to be built.
func NewGewu(c *City) *Gewu { return &Gewu{world: c.World} }

// Build implements [Search].
func (g *Gewu) Build() (cpu time.Duration, bytes int64, err error) {
	g.geocoder = nil
	bytes, cpu = -proc.LiveHeap(), -proc.Self()
	g.geocoder = geocode.New()
	g.geocoder.Advance(g.world)
	cpu += proc.Self()
	if g.geocoder.Gazetteer() == nil {
		return 0, 0, errors.New("the geocoder knows no city")
	}
	return cpu, bytes + proc.LiveHeap(), nil
}

// Prepare implements [Search]: the geocoder reads what people write.
func (g *Gewu) Prepare(text string) string { return text }

// Find implements [Search].
func (g *Gewu) Find(text string) (string, error) {
	places, _ := g.geocoder.Search(geocode.Question{Text: text, Limit: 1})
	if len(places) == 0 {
		return "", nil
	}
	return places[0].Layer + "/" + places[0].ID, nil
}

// CPU implements [Search]: collections of the heap count too.
func (g *Gewu) CPU() (time.Duration, error) { return proc.Self(), nil }
