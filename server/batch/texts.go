package batch

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// Texts finds what rows say in words.
type Texts struct {
	// Column is the column or member with the text; empty means the usual names.
	Column string
	// Find finds the best place and the World that it is in, nil when the text names none; why says what is wrong with
	// the text. It may be called from several goroutines.
	Find func(text string) (p *geocode.Place, w *index.World, why string)
}

// textNames are the usual names of texts, compared by [data.FoldName]; of several columns that of the first name counts.
var textNames = []string{"q", "query", "address", "addr", "地址", "location", "位置", "地点", "地點", "place", "text"}

// noPlace is the error of a row whose text names no place.
const noPlace = "no place found"

// found is a place that a row means.
type found struct {
	*geocode.Place
	x, y float64
	// in is a worker for the World of the place.
	in *worker
}

// find finds the place of a text; why says why there is none.
func (w *worker) find(column, text string) (f found, why string) {
	if strings.TrimSpace(text) == "" {
		return f, column + " is empty"
	}
	p, world, why := w.Texts.Find(text)
	switch {
	case why != "":
		return f, column + " " + why
	case p == nil:
		return f, noPlace
	}
	x, y, ok := w.CRS.FromLonLat(p.At.Lon(), p.At.Lat())
	if !ok {
		return f, "the place that was found has no coordinates in " + w.CRS.Name()
	}
	digits := 1e3 // millimetres
	if w.CRS.Degrees() {
		digits = geo.Unit
	}
	f = found{Place: p, x: math.Round(x*digits) / digits, y: math.Round(y*digits) / digits, in: w}
	if world != w.world {
		// The city has changed since the stream looked at it last; ground and place must be of one.
		s := *w.stream
		s.world, s.plan = world, w.Locator.Plan(world)
		f.in = &worker{stream: &s}
	}
	return f, ""
}

// radius is how far off the place may be, to the centimetre.
func (f *found) radius() float64 { return math.Round(f.Radius*100) / 100 }

// textTable is a table whose rows have texts.
type textTable struct {
	table
	text int
	name string
}

// textColumns are the columns of a place. The names of layer and id are long because rows have an id of their own.
var textColumns = []string{"lon", "lat", "score", "kind", "relation", "label", "place_layer", "place_id", "radius_m", "faults"}

func (t *textTable) begin(b *stream, text []byte, end bool) (used int, ok bool, err error) {
	header, used, err := t.header(text, end)
	if header == nil || err != nil {
		return used, false, err
	}
	if t.text = textColumn(header, b.Texts.Column); t.text < 0 {
		p := rest.Fault(rest.BadRequest, "column", b.Texts.Column, "is not a column; the columns are "+rest.Shorten(strings.Join(header, ", ")))
		if b.Texts.Column == "" {
			p = rest.Fault(rest.BadRequest, "column", "", "is none of the columns "+rest.Shorten(strings.Join(header, ", "))+"; name the one with the text")
		}
		return 0, false, p
	}
	t.name = header[t.text]
	t.added = append(t.added, textColumns...)
	t.columns(b)
	return used, true, t.writeHeader(b, header)
}

// textColumn is the position of the column or member with the text, -1 if there is none.
func textColumn(names []string, given string) int {
	if given != "" {
		return slices.Index(names, given)
	}
	for _, usual := range textNames {
		if i := slices.IndexFunc(names, func(name string) bool { return data.FoldName(name) == usual }); i >= 0 {
			return i
		}
	}
	return -1
}

func (t *textTable) answer(w *worker, r row) {
	record, ok := t.record(w, r)
	if !ok {
		return
	}
	f, why := w.find(t.name, record[t.text])
	if why != "" {
		t.refuse(w, record, why)
		return
	}
	t.complete(w, record, func() {
		w.dst = answer.Number(append(w.dst, ','), f.x)
		w.dst = answer.Number(append(w.dst, ','), f.y)
		w.dst = strconv.AppendInt(append(w.dst, ','), int64(f.Score), 10)
		for _, field := range []string{string(f.Kind), string(f.Relation), f.Label, f.Layer, f.ID} {
			w.dst = appendField(append(w.dst, ','), field)
		}
		w.dst = answer.Number(append(w.dst, ','), f.radius())
		w.dst = appendField(append(w.dst, ','), faultWords(f.Faults))
		if f.in == w {
			t.appendAnswer(w, f.At)
			return
		}
		t.appendAnswer(f.in, f.At)
		w.dst = append(w.dst, f.in.dst...)
	})
}

// faultWords are faults in one field.
func faultWords(faults []geocode.Fault) string {
	words := make([]string, len(faults))
	for i := range faults {
		words[i] = faults[i].Element + " " + string(faults[i].Kind)
	}
	return strings.Join(words, "; ")
}

// textObjects are lines of JSON with a text in one of their members.
type textObjects struct{ objects }

// textMembers are the members that an answer writes in the place of those of the line.
var textMembers = append(slices.Clone(textColumns), "areas", "cells")

func (o *textObjects) answer(w *worker, r row) {
	if r.text[0] != '{' || !utf8.Valid(r.text) || !json.Valid(r.text) {
		o.objects.answer(w, r) // says what is wrong with it
		return
	}
	var names []string
	var values [][]byte
	jsontext.Members(r.text, func(name, value []byte) bool {
		names, values = append(names, string(name)), append(values, value)
		return true
	})
	f, why := o.find(w, names, values)
	w.dst = append(w.dst, '{')
	first := true
	next := func(name string) {
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		w.dst = append(jsontext.AppendString(w.dst, name), ':')
	}
	for i, name := range names {
		if name == "error" || why == "" && slices.Contains(textMembers, name) {
			continue
		}
		next(name)
		w.dst = append(w.dst, values[i]...)
	}
	if why != "" {
		next("error")
		w.dst = append(jsontext.AppendString(w.dst, why), "}\n"...)
		return
	}
	next("lon")
	w.dst = answer.Number(w.dst, f.x)
	next("lat")
	w.dst = answer.Number(w.dst, f.y)
	next("score")
	w.dst = strconv.AppendInt(w.dst, int64(f.Score), 10)
	for i, value := range []string{string(f.Kind), string(f.Relation), f.Label, f.Layer, f.ID} {
		if value != "" {
			next(textColumns[i+3])
			w.dst = jsontext.AppendString(w.dst, value)
		}
	}
	next("radius_m")
	w.dst = answer.Number(w.dst, f.radius())
	next("faults")
	w.dst = answer.AppendFaults(w.dst, f.Faults)
	loc := w.Locator.Locate(f.in.world, f.At, grid.Ask{Areas: true, Cells: true})
	w.dst = append(answer.AppendMembers(w.dst, &loc, answer.Areas|answer.Cells), "}\n"...)
}

// find finds the place of a line.
func (o *textObjects) find(w *worker, names []string, values [][]byte) (f found, why string) {
	i := textColumn(names, w.Texts.Column)
	switch {
	case i < 0 && w.Texts.Column != "":
		return f, w.Texts.Column + " is missing"
	case i < 0:
		return f, "the line has no text under a usual name; name the member with the text in column"
	case jsontext.IsNull(values[i]):
		return f, names[i] + " is empty"
	case !bytes.HasPrefix(values[i], []byte{'"'}):
		return f, names[i] + " must be a text"
	}
	return w.find(names[i], jsontext.Unquote(values[i]))
}
