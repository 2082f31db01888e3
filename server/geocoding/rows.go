package geocoding

import (
	"net/http"

	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/batch"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Stream answers rows as they come, each with the best place that its text means: POST /v1/geocode.
func (a *API) Stream(w http.ResponseWriter, r *http.Request) error {
	kind, err := rest.ContentType(r, rest.TypeCSV, rest.TypeNDJSON)
	if err != nil {
		return err
	}
	q := rest.ParseParams(r)
	column := q.Text("column")
	question, crs := a.question(q, false)
	if err := a.ready(r, q); err != nil {
		return err
	}
	world := a.geocoder(r).Gazetteer().World()
	if err := knownLayers(world, question.Layers); err != nil {
		return err
	}
	question.Limit = 1
	out, waiting, end := a.Duplex(w, r)
	defer end()
	job := batch.Job{
		Locator: a.Locator, Now: a.Now, World: func() *index.World { return a.geocoder(r).Gazetteer().World() },
		Include: answer.Areas | answer.Cells, CRS: crs, RowBytes: a.Limits.RowBytes, Waiting: waiting,
		Texts: &batch.Texts{Column: column, Find: func(text string) (*geocode.Place, *index.World, string) {
			if why := wrongText(text); why != "" {
				return nil, nil, why
			}
			asked := question
			asked.Text = text
			places, world := a.geocoder(r).Search(asked)
			if len(places) == 0 {
				return nil, world, ""
			}
			return &places[0], world, ""
		}},
	}
	city.SetSeq(w, world.Seq())
	w.Header().Set("Cache-Control", "no-store")
	if kind == rest.TypeNDJSON {
		w.Header().Set("Content-Type", kind)
		return job.NDJSON(r.Body, out)
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8; header=present")
	return job.CSV(r.Body, out)
}
