package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
)

// params reads the query of a URL. It keeps the first fault; check it once all parameters were asked for.
type params struct {
	values url.Values
	known  []string
	fault  error
}

func parseParams(r *http.Request) *params {
	p := &params{}
	if r.URL.RawQuery == "" {
		return p
	}
	var err error
	if p.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		p.fault = refuse(badRequest, "the query of the URL is malformed: %s", shorten(strings.TrimPrefix(err.Error(), "invalid "))).because(err)
		return p
	}
	for name, values := range p.values {
		switch {
		case !utf8.ValidString(name):
			p.fail(fieldFault(badRequest, shorten(name), "", "is not UTF-8"))
		case len(values) > 1:
			p.fail(fieldFault(badRequest, shorten(name), values[1], "is given more than once"))
		case !utf8.ValidString(values[0]):
			p.fail(fieldFault(badRequest, name, values[0], "is not UTF-8"))
		}
	}
	return p
}

func (p *params) fail(err error) {
	if p.fault == nil {
		p.fault = err
	}
}

// text is a parameter, empty when absent.
func (p *params) text(name string) string {
	p.known = append(p.known, name)
	return p.values.Get(name)
}

// number is a finite number; it must be there.
func (p *params) number(name string) float64 {
	s := p.text(name)
	if s == "" {
		p.fail(fieldFault(badRequest, name, "", "is missing"))
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		p.fail(fieldFault(badRequest, name, s, "must be a number"))
	}
	return f
}

// whole is a number within low and high, standard when absent.
func (p *params) whole(name string, low, high, standard int) int {
	s := p.text(name)
	if s == "" {
		return standard
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		p.fail(fieldFault(badRequest, name, s, fmt.Sprintf("must be a whole number from %d to %d", low, high)))
	}
	return n
}

// box is minlon,minlat,maxlon,maxlat; it reports false when absent.
func (p *params) box(name string) (geo.Box, bool) {
	s := p.text(name)
	if s == "" {
		return geo.Box{}, false
	}
	box, err := parseBox(s)
	if err != nil {
		p.fail(err)
	}
	return box, err == nil
}

// parseBox reads minlon,minlat,maxlon,maxlat.
func parseBox(s string) (geo.Box, error) {
	const form = "must be minlon,minlat,maxlon,maxlat in degrees"
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return geo.Box{}, fieldFault(badRequest, "bbox", s, form)
	}
	var v [4]float64
	for i, part := range parts {
		var err error
		if v[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return geo.Box{}, fieldFault(badRequest, "bbox", s, form)
		}
	}
	low, ok1 := geo.FromDegrees(v[0], v[1])
	high, ok2 := geo.FromDegrees(v[2], v[3])
	switch {
	case !ok1 || !ok2:
		return geo.Box{}, fieldFault(badRequest, "bbox", s, form+", within ±180 and ±90")
	case v[0] > v[2] || v[1] > v[3]:
		return geo.Box{}, fieldFault(badRequest, "bbox", s, form+": the first corner must be south-west of the second")
	}
	return geo.Box{Min: low, Max: high}, nil
}

// crs is the system of coordinates, longitude and latitude when absent.
func (p *params) crs(name string) proj.CRS {
	s := p.text(name)
	if s == "" {
		s = "EPSG:4326"
	}
	crs, err := proj.Lookup(s)
	if err != nil {
		p.fail(fieldFault(badRequest, name, s, "is not a known coordinate system; known are "+strings.Join(proj.Known(), ", ")))
	}
	return crs
}

// done returns the first fault: a wrong value, or a parameter that nobody asked for, which is usually a misspelling.
// open says what else the parameters may be called.
func (p *params) done(open string) error {
	for name := range p.values {
		if !slices.Contains(p.known, name) {
			text := "is not a parameter here"
			if len(p.known) > 0 {
				text += "; known are " + strings.Join(p.known, ", ")
			}
			p.fail(fieldFault(badRequest, shorten(name), "", text+open))
		}
	}
	return p.fault
}

// position is a place in the log as clients name it: "seq" or "epoch-seq".
type position struct {
	epoch data.Epoch
	seq   data.Seq
}

func formatPosition(epoch data.Epoch, seq data.Seq) string {
	return string(epoch) + "-" + strconv.FormatUint(uint64(seq), 10)
}

func parsePosition(s string) (p position, ok bool) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		p.epoch, s = data.Epoch(s[:i]), s[i+1:]
		if p.epoch == "" {
			return p, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	p.seq = data.Seq(n)
	return p, err == nil
}

// world takes the World to answer from: the present one, or one at min_seq or later, for which it waits a little.
func (s *Server) world(r *http.Request, p *params) (*index.World, error) {
	w := s.cfg.Engine.World()
	text := p.text("min_seq")
	if text == "" || p.fault != nil {
		return w, p.fault
	}
	at, ok := parsePosition(text)
	if !ok {
		return nil, fieldFault(badRequest, "min_seq", text, "must be a position: a number or epoch-number")
	}
	if at.epoch != "" && at.epoch != w.Epoch() {
		return nil, fieldFault(gone, "min_seq", text, "belongs to another history")
	}
	if w.Seq() >= at.seq {
		return w, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Limits.MinSeq)
	defer cancel()
	w, err := s.cfg.Engine.Wait(ctx, at.seq)
	if errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		return nil, fieldFault(unavailable, "min_seq", text, fmt.Sprintf("is not reached yet, the server is at %d", s.cfg.Engine.World().Seq())).
			with("Retry-After", "1").because(err)
	}
	return w, err
}
