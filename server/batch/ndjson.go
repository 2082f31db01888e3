package batch

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/geom"
	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// objects are lines of JSON.
type objects struct {
	// searched is how much of a line that has no end yet was looked at.
	searched int
}

// begin passes over a byte order mark, which may come in pieces.
func (*objects) begin(_ *stream, text []byte, end bool) (used int, ok bool, err error) {
	const mark = "\ufeff"
	if len(text) < len(mark) && strings.HasPrefix(mark, string(text)) && !end {
		return 0, false, nil
	}
	return len(text) - len(bytes.TrimPrefix(text, []byte(mark))), true, nil
}

// cut takes the complete lines; blank ones are none.
func (o *objects) cut(rows []row, text []byte, end bool) ([]row, int) {
	used := 0
	for used < len(text) {
		i := bytes.IndexByte(text[used+o.searched:], '\n')
		n := o.searched + i + 1
		if i < 0 {
			if !end {
				o.searched = len(text) - used
				break
			}
			n = len(text) - used
		}
		o.searched = 0
		if line := bytes.TrimSpace(text[used : used+n]); len(line) > 0 {
			rows = append(rows, row{text: line})
		}
		used += n
	}
	return rows, used
}

// fail answers a line that cannot be read.
func (o *objects) fail(w *worker, why string) {
	w.dst = append(appendMember(append(w.dst, '{'), "error", why), "}\n"...)
}

// member is a set of members that an answer may write. Members of the input stay unless the answer to their line writes
// one of the same name. Only error is always the answer's, because it tells which lines failed.
type member uint16

const (
	memberAreas member = 1 << iota
	memberCells
	memberAddress
	memberParts
	memberWithin
	memberPoint
	memberDuties
	memberError
	memberDisputes
)

// memberOf is the set of the member of a name, none for a name that no answer writes.
func memberOf(name []byte) member {
	switch string(name) {
	case "areas":
		return memberAreas
	case "cells":
		return memberCells
	case "address":
		return memberAddress
	case "parts":
		return memberParts
	case "within":
		return memberWithin
	case "duties":
		return memberDuties
	case "disputes":
		return memberDisputes
	case "point":
		return memberPoint
	case "error":
		return memberError
	}
	return 0
}

// object is what a line says about its place.
type object struct {
	lon, lat choice
	// geometry is a member of that name, or the line itself if that is a GeoJSON geometry.
	geometry []byte
	// geometries counts the former.
	geometries int
	// repeated are the members of the line that an answer may write as well.
	repeated member
}

// answer appends the answer to one line: its members, then ours.
func (o *objects) answer(w *worker, r row) {
	line := r.text
	if line[0] != '{' || !utf8.Valid(line) || !json.Valid(line) {
		w.dst = appendMember(append(w.dst, '{'), "input", rest.Shorten(string(line)))
		w.dst = append(appendMember(append(w.dst, ','), "error", "the line is not a JSON object in UTF-8"), "}\n"...)
		return
	}
	w.dst = append(w.dst, '{')
	start := len(w.dst)
	place := w.repeat(line, memberError)
	mark := len(w.dst)
	written, why := w.locate(place)
	if why != "" {
		written, w.dst = memberError, appendMember(append(w.dst[:mark], ','), "error", why)
	}
	if place.repeated&written != 0 {
		// Now that it is known what the answer writes, the line is repeated without that.
		own := slices.Clone(w.dst[mark:])
		w.dst = w.dst[:start]
		w.repeat(line, written|memberError)
		mark = len(w.dst)
		w.dst = append(w.dst, own...)
	}
	if mark == start && len(w.dst) > mark {
		// Nothing stands before our first comma.
		w.dst = slices.Delete(w.dst, mark, mark+1)
	}
	w.dst = append(w.dst, "}\n"...)
}

// repeat appends the members of a line but those of a set, and finds those that say where it is.
func (w *worker) repeat(line []byte, but member) (found object) {
	first, kind, coordinates := true, "", false
	jsontext.Members(line, func(name, value []byte) bool {
		m := memberOf(name)
		if but&m != 0 {
			return true
		}
		found.repeated |= m
		switch {
		case string(name) == "geometry" && value[0] == '{':
			found.geometry = value
			found.geometries++
		case string(name) == "type" && value[0] == '"':
			kind = jsontext.Unquote(value)
		case string(name) == "coordinates" || string(name) == "geometries":
			coordinates = true
		}
		n := w.nameOf(name)
		found.lon.see(n.lon, 0, n.text, value)
		found.lat.see(n.lat, 0, n.text, value)
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		w.dst = append(append(jsontext.AppendString(w.dst, string(name)), ':'), value...)
		return true
	})
	if found.geometry == nil && coordinates && geom.GeoJSONTypes[kind] {
		found.geometry = line
	}
	return found
}

// longestName is the length of the longest usual name of a coordinate, in bytes, with some room for blanks.
const longestName = 16

// memberName is what the name of a member means for the place of its line.
type memberName struct {
	text     string
	lon, lat int // ranks
}

// nameOf looks a name up among those that were met before: lines repeat them, and to fold each again would cost more than
// the rest.
func (w *worker) nameOf(name []byte) memberName {
	if n, met := w.names[string(name)]; met {
		return n
	}
	n := memberName{string(name), -1, -1}
	if len(name) > longestName && w.Lon == "" {
		return n
	}
	n.lon, n.lat = rank(n.text, w.Lon, lonNames), rank(n.text, w.Lat, latNames)
	if w.names == nil || len(w.names) >= mostNames {
		w.names = map[string]memberName{}
	}
	if len(name) <= longestName {
		w.names[n.text] = n
	}
	return n
}

// mostNames bounds the names that are kept: some files have others in each line.
const mostNames = 1000

func (w *worker) locateShape(geometry []byte) (grid.Location, geo.Point, error) {
	if w.Large != nil && len(geometry) > LargeBytes {
		leave, err := w.Large()
		if err != nil {
			return grid.Location{}, geo.Point{}, err
		}
		defer leave()
	}
	shape, err := convert.ParseShape(geometry, w.CRS)
	if err != nil {
		return grid.Location{}, geo.Point{}, err
	}
	return w.Locator.LocateShape(w.world, shape, w.Ask)
}

// locate appends the members of the answer, each behind a comma, and tells which they are, or says why there is none.
func (w *worker) locate(o object) (written member, why string) {
	var loc grid.Location
	var p geo.Point
	switch {
	case o.geometry != nil && w.Lon == "" && o.geometries > 1:
		return 0, "geometry is there twice"
	case o.geometry != nil && w.Lon == "":
		var err error
		if loc, p, err = w.locateShape(o.geometry); err != nil {
			return 0, "geometry: " + err.Error()
		}
		written = memberPoint
		w.dst = answer.Number(append(w.dst, `,"point":[`...), p.Lon())
		w.dst = append(answer.Number(append(w.dst, ','), p.Lat()), ']')
	case o.lon.other != "":
		return 0, o.lon.twice()
	case o.lat.other != "":
		return 0, o.lat.twice()
	default:
		var fault *rest.Problem
		if p, fault = w.place(bytes.Trim(o.lon.value, `"`), bytes.Trim(o.lat.value, `"`)); fault != nil {
			return 0, fault.Detail
		}
		loc = w.Locator.Locate(w.world, p, w.Ask)
	}
	w.dst = answer.AppendMembers(w.dst, &loc, w.Include)
	if w.Duties != nil {
		w.dst = answer.AppendDuties(w.dst, w.Duties(w.world, p, &loc))
		written |= memberDuties
	}
	if w.Include&answer.Disputes != 0 {
		var err error
		if w.dst, err = answer.AppendDisputes(w.dst, w.Locator.Disputes(w.world, p)); err != nil {
			return 0, err.Error()
		}
		written |= memberDisputes
	}
	for which, m := range membersOf {
		if w.Include&which != 0 && (m != memberWithin || loc.Within != nil) {
			written |= m
		}
	}
	return written, ""
}

// membersOf are the members that [answer.AppendMembers] writes.
var membersOf = map[answer.Members]member{
	answer.Areas: memberAreas, answer.Cells: memberCells, answer.Address: memberAddress, answer.Parts: memberParts, answer.Within: memberWithin,
}

func appendMember(dst []byte, name, value string) []byte {
	return jsontext.AppendString(append(jsontext.AppendString(dst, name), ':'), value)
}
