package city

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/filter"
	"github.com/gewu-city/gewu/index/filter/cql"
	"github.com/gewu-city/gewu/server/rest"
)

// Filter reads the parameters filter, filter-lang and filter-crs, and binds the filter to a layer of a World; nil without
// one. A fault is kept in q.
func (c *City) Filter(q *rest.Params, w *index.World, layer *index.Layer) *filter.Bound {
	text := q.Text("filter")
	// cql-text is what GDAL calls it.
	language := q.OneOf("filter-lang", "", "cql2-text", "cql2-json", "cql-text")
	system := q.Text("filter-crs")
	if text == "" {
		return nil
	}
	var crs proj.CRS
	if system != "" {
		var err error
		if crs, err = c.Systems.Lookup(system); err != nil {
			q.Fail(rest.Fault(rest.BadRequest, "filter-crs", system, proj.WhyUnknown(err)))
			return nil
		}
	}
	var e *cql.Expr
	var err error
	if language == "cql2-json" || language == "" && strings.HasPrefix(strings.TrimSpace(text), "{") {
		e, err = cql.ParseJSON([]byte(text), crs)
	} else {
		e, err = cql.ParseText(text, crs)
	}
	var bound *filter.Bound
	if err == nil {
		bound, err = c.filters.Bind(e, layer, w.Dictionary)
	}
	if err != nil {
		q.Fail(filterFault(text, err))
		return nil
	}
	return bound
}

// filterFault is the problem of a wrong filter: it shows the part of the text that begins where it is wrong.
func filterFault(text string, err error) error {
	wrong, ok := errors.AsType[*cql.Error](err)
	if !ok {
		return err
	}
	from := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	return rest.Fault(rest.BadRequest, "filter", string(from[min(wrong.At-1, len(from)):]), "is wrong "+wrong.Error())
}

// maxFilterSeconds bounds what a filter may take of one processor.
const maxFilterSeconds = 10

// Affordable refuses a filter that would take too long over a number of features; nil filters take nothing.
func Affordable(b *filter.Bound, features int) error {
	if b == nil {
		return nil
	}
	if seconds := float64(b.Cost()) * float64(features) / 1e9; seconds > maxFilterSeconds {
		return rest.Fault(rest.Invalid, "filter", "", fmt.Sprintf(
			"may take %.0f s over %d features, and at most %d s are given: choose a smaller box or cell, or write a filter with fewer conditions and simpler geometries",
			math.Ceil(seconds), features, maxFilterSeconds))
	}
	return nil
}

// batch is how many features are filtered at a time.
const batch = 4096

// Batches hands out slots in batches, which receivers may overwrite, and the error of ctx once that has ended.
func Batches(ctx context.Context, slots iter.Seq[index.Slot]) iter.Seq2[[]index.Slot, error] {
	return func(yield func([]index.Slot, error) bool) {
		// Small at first: the first page of a list needs few.
		held := make([]index.Slot, 0, CheckEvery)
		for slot := range slots {
			if held = append(held, slot); len(held) < cap(held) {
				continue
			}
			if !yield(held, ctx.Err()) || ctx.Err() != nil {
				return
			}
			held = make([]index.Slot, 0, min(2*cap(held), batch))
		}
		if len(held) > 0 {
			yield(held, ctx.Err())
		}
	}
}
