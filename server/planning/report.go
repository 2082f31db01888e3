package planning

import (
	"bytes"
	"net/http"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/report"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// mostHouseholds bounds what a limit of households may be.
const mostHouseholds = 1e6

// reported is a report and the position at which it was made.
type reported struct {
	Scheme string `json:"scheme"`
	*report.Report

	Seq data.Seq `json:"seq"`
	city.Shown
}

// Report answers with a scheme in figures: GET /v1/schemes/{scheme}/report.
func (a *API) Report(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	format, lang := q.OneOf("format", "json", "csv", "text"), q.OneOf("lang", report.Languages()...)
	o := report.Options{
		Low: q.UpTo("low", mostHouseholds), High: q.UpTo("high", mostHouseholds), Key: q.UpTo("key", mostHouseholds), Comprehensive: q.UpTo("comprehensive", mostHouseholds),
	}
	if o.High > 0 && o.High < o.Low || o.High == 0 && o.Low > 0 {
		q.Fail(rest.Fault(rest.BadRequest, "high", q.Text("high"), "must be at least low: the households that a cell should have"))
	}
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	scheme, err := a.scheme(world.World, schemeOf(r))
	if err != nil {
		return err
	}
	// Cells are measured, then figures are made of them, then of all together, which takes about as long.
	total := int64(0)
	if layer := scheme.In(world.World); layer != nil {
		total = int64(layer.Len())
	}
	ctx := r.Context()
	in, err := survey.Measures(world.World, a.Locator, a.Cells, scheme, o, func(cells int) error {
		return city.Progress(ctx, int64(cells), 3*total, "cells")
	})
	if err != nil {
		return err
	}
	found, err := report.Of(in, func(cells int) error { return city.Progress(ctx, total+int64(cells), 3*total, "cells") })
	if err == nil {
		err = city.Progress(ctx, 3*total, 3*total, "cells")
	}
	if err != nil {
		return err
	}
	world.Header(w)
	if format == "json" {
		return rest.WriteJSON(w, r, http.StatusOK, reported{scheme.Name, found, world.Seq(), world.Shown})
	}
	var text bytes.Buffer
	kind := "text/csv; charset=utf-8"
	if format == "csv" {
		err = found.WriteCSV(&text)
	} else {
		kind, err = "text/plain; charset=utf-8", found.WriteText(&text, lang)
	}
	if err != nil {
		return err
	}
	return rest.WriteBody(w, r, http.StatusOK, kind, text.Bytes())
}
