// Package answer writes locations as JSON. It is written by hand because they are most of what a busy server says: a
// full answer takes a tenth of the time that encoding/json takes.
package answer

import (
	"math"
	"strconv"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/grid"
)

// Members are members of a location, as bits.
type Members uint8

// The members. Within is written only where there is something to write.
const (
	Areas Members = 1 << iota
	Cells
	Address
	Parts
	Within
	// Duties are appended by [AppendDuties].
	Duties
	// Disputes are appended by [AppendDisputes].
	Disputes
)

// AppendMembers appends members of a location, separated and preceded by commas.
func AppendMembers(dst []byte, loc *grid.Location, which Members) []byte {
	if which&Areas != 0 {
		dst = appendAreas(append(dst, `,"areas":`...), loc.Areas)
	}
	if which&Cells != 0 {
		dst = append(dst, `,"cells":`...)
		dst = appendList(dst, loc.Cells, appendCell)
	}
	if which&Address != 0 {
		dst = appendAddress(append(dst, `,"address":`...), loc.Address)
	}
	if which&Parts != 0 {
		dst = append(dst, `,"parts":`...)
		dst = appendList(dst, loc.Parts, appendPart)
	}
	if which&Within != 0 && loc.Within != nil {
		dst = appendWithin(append(dst, `,"within":`...), loc.Within)
	}
	return dst
}

// AppendRoute appends the members of a route, separated and preceded by commas.
func AppendRoute(dst []byte, r *grid.Route, which Members) []byte {
	dst = Number(append(dst, `,"length_m":`...), r.LengthM)
	if which&Areas != 0 {
		dst = appendList(append(dst, `,"areas":`...), r.Areas, func(dst []byte, p *grid.AreaPassage) []byte {
			dst = appendNamed(append(dst, `{"level":`...), p.Level, p.Code, p.Name, p.Layer, p.ID)
			return append(appendMetres(dst, p.FromM, p.ToM), '}')
		})
	}
	if which&Cells != 0 {
		dst = appendList(append(dst, `,"cells":`...), r.Cells, func(dst []byte, p *grid.CellPassage) []byte {
			dst = appendNamed(append(dst, `{"scheme":`...), p.Scheme, p.Code, p.Name, p.Layer, p.ID)
			return append(appendMetres(dst, p.FromM, p.ToM), '}')
		})
	}
	return dst
}

func appendMetres(dst []byte, from, to float64) []byte {
	dst = Number(append(dst, `,"from_m":`...), from)
	return Number(append(dst, `,"to_m":`...), to)
}

func appendList[T any](dst []byte, list []T, one func(dst []byte, v *T) []byte) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, &list[i])
	}
	return append(dst, ']')
}

func appendAreas(dst []byte, areas []grid.Area) []byte { return appendList(dst, areas, appendArea) }

func appendArea(dst []byte, a *grid.Area) []byte {
	dst = appendNamed(append(dst, `{"level":`...), a.Level, a.Code, a.Name, a.Layer, a.ID)
	return append(appendMeasures(dst, &a.Measures), '}')
}

func appendCell(dst []byte, c *grid.Cell) []byte {
	dst = appendNamed(append(dst, `{"scheme":`...), c.Scheme, c.Code, c.Name, c.Layer, c.ID)
	dst = appendAreas(append(dst, `,"areas":`...), c.Areas)
	return append(appendMeasures(dst, &c.Measures), '}')
}

// appendNamed appends what areas and cells have in common, after the name of the first member.
func appendNamed(dst []byte, of, code, name, layer, id string) []byte {
	dst = jsontext.AppendString(dst, of)
	dst = jsontext.AppendString(append(dst, `,"code":`...), code)
	dst = jsontext.AppendString(append(dst, `,"name":`...), name)
	dst = jsontext.AppendString(append(dst, `,"layer":`...), layer)
	return jsontext.AppendString(append(dst, `,"id":`...), id)
}

func appendMeasures(dst []byte, m *grid.Measures) []byte {
	if m.EdgeM != nil {
		dst = Number(append(dst, `,"edge_m":`...), *m.EdgeM)
	}
	if m.Share != 0 {
		// A ten-thousandth of a per cent is finer than any outline.
		dst = Number(append(dst, `,"share":`...), math.Round(m.Share*1e6)/1e6)
	}
	return dst
}

func appendAddress(dst []byte, a *grid.Address) []byte {
	if a == nil {
		return append(dst, "null"...)
	}
	dst = jsontext.AppendString(append(dst, `{"layer":`...), a.Layer)
	dst = jsontext.AppendString(append(dst, `,"id":`...), a.ID)
	dst = jsontext.AppendString(append(dst, `,"label":`...), a.Label)
	dst = appendOptional(dst, `,"road":`, a.Road)
	dst = appendOptional(dst, `,"section":`, a.Section)
	dst = appendOptional(dst, `,"lane":`, a.Lane)
	dst = appendOptional(dst, `,"alley":`, a.Alley)
	dst = appendOptional(dst, `,"number":`, a.Number)
	dst = Number(append(dst, `,"lon":`...), a.Lon)
	dst = Number(append(dst, `,"lat":`...), a.Lat)
	return append(Number(append(dst, `,"distance_m":`...), a.DistanceM), '}')
}

func appendPart(dst []byte, p *grid.Part) []byte {
	dst = jsontext.AppendString(append(dst, `{"layer":`...), p.Layer)
	dst = jsontext.AppendString(append(dst, `,"id":`...), p.ID)
	dst = appendOptional(dst, `,"class":`, p.Class)
	dst = appendOptional(dst, `,"code":`, p.Code)
	return append(Number(append(dst, `,"distance_m":`...), p.DistanceM), '}')
}

func appendOptional(dst []byte, member, value string) []byte {
	if value == "" {
		return dst
	}
	return jsontext.AppendString(append(dst, member...), value)
}

func appendWithin(dst []byte, w *grid.Within) []byte {
	dst = Number(append(dst, `{"radius_m":`...), w.RadiusM)
	dst = appendList(append(dst, `,"areas":`...), w.Areas, func(dst []byte, a *grid.AreaWithin) []byte {
		dst = appendNamed(append(dst, `{"level":`...), a.Level, a.Code, a.Name, a.Layer, a.ID)
		return append(Number(append(dst, `,"distance_m":`...), a.DistanceM), '}')
	})
	dst = appendList(append(dst, `,"cells":`...), w.Cells, func(dst []byte, c *grid.CellWithin) []byte {
		dst = appendNamed(append(dst, `{"scheme":`...), c.Scheme, c.Code, c.Name, c.Layer, c.ID)
		return append(Number(append(dst, `,"distance_m":`...), c.DistanceM), '}')
	})
	return append(strconv.AppendBool(append(dst, `,"more":`...), w.More), '}')
}

// Number appends a number in decimal. Coordinates and distances are whole numbers of 1e-7 degree or centimetres, which
// is how they are written; the shortest decimal form of any other takes three times as long to find.
func Number(dst []byte, v float64) []byte {
	for _, scale := range [2]struct {
		of     float64
		digits int
	}{{100, 2}, {1e7, 7}} {
		n := math.Round(v * scale.of)
		if math.Abs(n) < 1<<52 && n/scale.of == v {
			return fixed(dst, int64(n), scale.digits)
		}
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// fixed appends n with a decimal point before the last digits, without zeros at the end.
func fixed(dst []byte, n int64, digits int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	for digits > 0 && n%10 == 0 {
		n, digits = n/10, digits-1
	}
	var text [24]byte
	at := len(text)
	for i := 0; n > 0 || i <= digits; i++ {
		if i == digits && i > 0 {
			at--
			text[at] = '.'
		}
		at--
		text[at] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, text[at:]...)
}
