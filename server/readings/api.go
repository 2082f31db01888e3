package readings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/cases/sensor/book"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/codes"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// Bounds of a batch, and of the features that are looked at for codes that are not unique by their definition.
const (
	mostBytes    = 8 << 20
	mostReadings = 10_000
	mostFaults   = 1_000
	mostScanned  = 200_000
	longestCode  = 200
)

// Cases says what somebody sees.
type Cases interface {
	// SeesCase reports whether whoever asks sees a case as a whole; the error is that of a case that they do not see at all.
	SeesCase(r *http.Request, named, id string) (full bool, err error)
}

// API is the resource.
type API struct {
	*city.City
	// Service is nil in a city without cases: then everything is answered 501.
	*Service
	Cases Cases
}

func (a *API) ready() error {
	switch {
	case a.Service == nil:
		return rest.Refuse(rest.NotImplemented, "this server has no cases: start it with a profile, gewu serve --profile NAME")
	case len(a.Book.Rules().Rules) == 0:
		return rest.Refuse(rest.NotImplemented, "the profile of the city has no rules about readings: give it a file sensors.toml")
	}
	return nil
}

// reading is one as it is sent.
type reading struct {
	// Part is LAYER/ID, or Code is the code of the part.
	Part  string          `json:"part"`
	Code  string          `json:"code"`
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
	Unit  string          `json:"unit"`
	Time  string          `json:"time"`
}

// fault is what is wrong with one reading; they are numbered from 0, as in a list of JSON, and lines of NDJSON from 1.
type fault struct {
	Reading int    `json:"reading"`
	Line    int    `json:"line,omitempty"`
	Field   string `json:"field"`
	Value   string `json:"value,omitempty"`
	Why     string `json:"why"`
}

// matter is what a reading raised, or what is over by it.
type matter struct {
	Reading int    `json:"reading"`
	Rule    string `json:"rule"`
	Part    string `json:"part"`
	Case    string `json:"case"`
}

type taken struct {
	Taken int `json:"taken"`
	// Again are readings that were there before, Late those that were left out because a newer one is there.
	Again  int      `json:"again"`
	Late   int      `json:"late"`
	Failed int      `json:"failed"`
	Faults []fault  `json:"faults"`
	Raised []matter `json:"raised"`
	Over   []matter `json:"over"`
}

// Post takes readings in: POST /v1/readings. What is wrong with one does not keep the others from being taken.
func (a *API) Post(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := mayReport(r); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	kind, err := rest.ContentType(r, rest.TypeJSON, rest.TypeNDJSON)
	if err != nil {
		return err
	}
	body, err := rest.ReadAll(w, r, min(mostBytes, a.Limits.BodyBytes))
	if err != nil {
		return err
	}
	raw, lines, err := split(kind, body)
	if err != nil {
		return err
	}
	out := taken{Faults: []fault{}, Raised: []matter{}, Over: []matter{}}
	failed := func(i int, err error) {
		if out.Failed++; len(out.Faults) < mostFaults {
			out.Faults = append(out.Faults, faultOf(i, lines, err))
		}
	}
	find := &finder{world: a.Engine.World(), left: mostScanned, known: map[string]found{}}
	var list []book.Measured
	var index []int // of list in raw
	for i, text := range raw {
		m, err := find.measured(text)
		if err != nil {
			failed(i, err)
			continue
		}
		list, index = append(list, m), append(index, i)
	}
	done, err := a.Book.Take(r.Context(), list)
	if err != nil {
		return err
	}
	for n, one := range done {
		at := func(all []book.Matter) (list []matter) {
			for _, m := range all {
				list = append(list, matter{index[n], m.Rule.ID, m.Part.Layer + "/" + m.Part.ID, m.Case})
			}
			return list
		}
		late, isLate := errors.AsType[*sensor.LateError](one.Err)
		switch {
		case isLate:
			out.Late++
			if len(out.Faults) < mostFaults {
				out.Faults = append(out.Faults, faultOf(index[n], lines, late))
			}
		case one.Err != nil:
			failed(index[n], one.Err)
		case one.Again:
			out.Again++
		default:
			out.Taken++
		}
		out.Raised, out.Over = append(out.Raised, at(one.Raised)...), append(out.Over, at(one.Ended)...)
	}
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

// mayReport refuses who may not send readings: programs do, with a key whose scopes let it report, or without scopes.
func mayReport(r *http.Request) error {
	who := auth.From(r.Context())
	switch {
	case who.Known() && who.Limited(string(people.Report)):
		return rest.Refuse(rest.Forbidden, "this key may not report: its scopes leave %s out", people.Report)
	case who.Known() || who.Everything():
		return nil
	}
	return rest.Refuse(rest.Unauthorized, "to send readings send an API key with the scope %s: Authorization: Bearer …", people.Report).With("WWW-Authenticate", `Bearer realm="gewu"`)
}

// split takes a body apart into readings. lines are those of NDJSON, nil for a list.
func split(kind string, body []byte) (raw []json.RawMessage, lines []int, err error) {
	if kind == rest.TypeNDJSON {
		for i, line := range bytes.Split(body, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				raw, lines = append(raw, line), append(lines, i+1)
			}
		}
	} else {
		var doc struct {
			Readings []json.RawMessage `json:"readings"`
		}
		if err := rest.DecodeJSON(body, &doc); err != nil {
			return nil, nil, err
		}
		raw = doc.Readings
	}
	switch {
	case len(raw) == 0:
		return nil, nil, rest.Fault(rest.Invalid, "readings", "", "must have at least one reading")
	case len(raw) > mostReadings:
		return nil, nil, rest.Fault(rest.Invalid, "readings", strconv.Itoa(len(raw)), fmt.Sprintf("are more than the %d that one request may bring", mostReadings))
	}
	return raw, lines, nil
}

func faultOf(i int, lines []int, err error) fault {
	f := fault{Reading: i, Field: "reading", Why: err.Error()}
	if lines != nil {
		f.Line = lines[i]
	}
	field, isField := errors.AsType[*data.FieldError](err)
	late, isLate := errors.AsType[*sensor.LateError](err)
	problem, isProblem := errors.AsType[*rest.Problem](err)
	switch {
	case isField:
		f.Field, f.Value, f.Why = field.Field, rest.Shorten(field.Value), field.Why
	case isLate:
		f.Field, f.Why = "time", strings.TrimPrefix(late.Error(), "time: ")
	case isProblem:
		f.Why = problem.Detail
		if problem.Field != "" {
			f.Field, f.Value = problem.Field, problem.Value
		}
	}
	return f
}

// finder finds parts for the readings of one request, all in one World.
type finder struct {
	world *index.World
	left  int
	known map[string]found
}

type found struct {
	part cases.Part
	at   geo.Point
	err  error
}

func (f *finder) measured(text []byte) (m book.Measured, err error) {
	var in reading
	if err := rest.DecodeJSON(text, &in); err != nil {
		return m, err
	}
	wrong := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	m.Name, m.Unit = in.Name, in.Unit
	if !sensor.ValidName(in.Name) {
		return m, wrong("name", in.Name, "must be the name of what was measured, such as water_level")
	}
	if in.Unit == "" {
		return m, wrong("unit", "", "is missing: the unit of the value, 1 for one without")
	}
	if len(in.Value) == 0 || json.Unmarshal(in.Value, &m.Value) != nil || string(in.Value) == "null" {
		return m, wrong("value", string(in.Value), "must be a number, in decimal")
	}
	if in.Time == "" {
		return m, wrong("time", "", "is missing: when it was measured, as 2026-11-02T09:00:00+08:00")
	}
	if m.At, err = time.Parse(time.RFC3339, in.Time); err != nil {
		return m, wrong("time", in.Time, "must be a time in RFC 3339, as 2026-11-02T09:00:00+08:00")
	}
	m.At = m.At.UTC()
	p, err := f.part(&in)
	m.Part, m.Point = p.part, cases.Position{Lon: p.at.Lon(), Lat: p.at.Lat()}
	return m, err
}

func (f *finder) part(in *reading) (found, error) {
	if (in.Part == "") == (in.Code == "") {
		return found{}, &data.FieldError{Field: "part", Value: in.Part, Why: "or code must say which part has the sensor: part as LAYER/ID, or code as its code"}
	}
	key := in.Part + "\x00" + in.Code
	p, ok := f.known[key]
	if !ok {
		p = f.look(in)
		f.known[key] = p
	}
	return p, p.err
}

func (f *finder) look(in *reading) (p found) {
	if in.Code != "" {
		if len(in.Code) > longestCode {
			return found{err: &data.FieldError{Field: "code", Value: in.Code, Why: "is too long"}}
		}
		short := false
		spend := func(n int) bool {
			f.left -= n
			short = short || f.left < 0
			return f.left >= 0
		}
		for _, l := range f.world.Layers() {
			if l.Def().Roles.Part == nil {
				continue
			}
			if slot, at, _, ok := codes.Find(l, in.Code, spend); ok {
				return partOf(l, slot, at)
			}
		}
		if short {
			return found{err: &data.FieldError{Field: "code", Value: in.Code, Why: "was not looked for: too many codes of this request are in layers that are not found by code; name the part as LAYER/ID"}}
		}
		return found{err: &data.FieldError{Field: "code", Value: in.Code, Why: "is the code of no part"}}
	}
	layer, id, ok := strings.Cut(in.Part, "/")
	l, known := f.world.Layer(layer)
	switch {
	case !ok || id == "":
		return found{err: &data.FieldError{Field: "part", Value: in.Part, Why: "must be LAYER/ID"}}
	case !known || l.Def().Roles.Part == nil:
		return found{err: &data.FieldError{Field: "part", Value: in.Part, Why: "is in no layer of parts"}}
	}
	slot, ok := l.Lookup(id)
	if !ok {
		return found{err: &data.FieldError{Field: "part", Value: in.Part, Why: "is no part of layer " + layer}}
	}
	at, ok := l.Point(slot)
	if !ok {
		shape := l.Shape(slot)
		if len(shape.Vertices()) == 0 {
			return found{err: &data.FieldError{Field: "part", Value: in.Part, Why: "has no place"}}
		}
		at = geo.LabelPoint(shape)
	}
	return partOf(l, slot, at)
}

func partOf(l *index.Layer, slot index.Slot, at geo.Point) found {
	text := func(attribute string) string {
		for i, a := range l.Def().Attributes {
			if a.Name == attribute && attribute != "" && !a.Dropped {
				return l.Value(slot, i).Text()
			}
		}
		return ""
	}
	role := l.Def().Roles.Part
	return found{part: cases.Part{Layer: l.Def().Name, ID: l.ID(slot), Code: text(role.Code), Class: text(role.Class)}, at: at}
}
