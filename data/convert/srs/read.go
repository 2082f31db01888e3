// Package srs reads and writes coordinate systems in the words of files: the well-known text of .prj files and of tables
// of systems.
package srs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/geo/proj"
)

// Bounds on a text; those of real systems have 3,000 characters and 6 levels.
const (
	maxText  = 64 << 10
	maxDepth = 32
)

// Parse recognises a system in well-known text, in the dialects of OGC (versions 1 and 2) and of ArcGIS: by the code of
// its authority, by its name, else by its parameters. A system that is not known is an error that says which it is.
func Parse(text string) (proj.CRS, error) {
	text = strings.Trim(strings.TrimPrefix(text, "\ufeff"), " \t\r\n\x00")
	if text == "" {
		return nil, errors.New("the coordinate system is empty")
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("the coordinate system has more than %d characters", maxText)
	}
	p := parser{text: text}
	root, err := p.node(0)
	if err != nil || p.at < len(text) {
		return nil, fmt.Errorf("the coordinate system is no well-known text at character %d", p.at+1)
	}
	if root.is("COMPD_CS", "COMPOUNDCRS") {
		// Heights are not kept.
		for _, n := range root.nodes {
			if n.is("PROJCS", "GEOGCS", "PROJCRS", "PROJECTEDCRS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS") {
				root = n
				break
			}
		}
	}
	if crs := root.system(); crs != nil {
		return crs, nil
	}
	return nil, fmt.Errorf("the coordinate system %q is not known", root.name())
}

// node is KEYWORD[…]: texts, numbers and further nodes.
type node struct {
	keyword string
	words   []string // quoted texts and numbers, in order
	nodes   []node
}

func (n node) is(keywords ...string) bool {
	for _, k := range keywords {
		if strings.EqualFold(n.keyword, k) {
			return true
		}
	}
	return false
}

// name is the first text, which names what the node describes.
func (n node) name() string {
	if len(n.words) == 0 {
		return n.keyword
	}
	return n.words[0]
}

// find is the first node with one of some keywords among the members.
func (n node) find(keywords ...string) (node, bool) {
	for _, m := range n.nodes {
		if m.is(keywords...) {
			return m, true
		}
	}
	return node{}, false
}

// parameter is the value of a parameter, absent when it is not there.
func (n node) parameter(absent float64, names ...string) float64 {
	for _, m := range n.nodes {
		if !m.is("PARAMETER") || len(m.words) < 2 {
			continue
		}
		for _, name := range names {
			if strings.EqualFold(strings.ReplaceAll(m.words[0], " ", "_"), name) {
				if v, err := strconv.ParseFloat(m.words[1], 64); err == nil {
					return v
				}
				return math.NaN()
			}
		}
	}
	return absent
}

type parser struct {
	text string
	at   int
}

var errText = errors.New("no well-known text")

func (p *parser) peek() byte {
	for ; p.at < len(p.text); p.at++ {
		if c := p.text[p.at]; c > ' ' {
			return c
		}
	}
	return 0
}

func (p *parser) take(set string) bool {
	c := p.peek()
	if c == 0 || strings.IndexByte(set, c) < 0 {
		return false
	}
	p.at++
	return true
}

func (p *parser) node(depth int) (n node, err error) {
	if depth > maxDepth {
		return n, errText
	}
	n.keyword = p.word()
	if n.keyword == "" || !p.take("[(") {
		return n, errText
	}
	for {
		switch c := p.peek(); {
		case c == '"':
			end := strings.IndexByte(p.text[p.at+1:], '"')
			if end < 0 {
				return n, errText
			}
			n.words = append(n.words, p.text[p.at+1:p.at+1+end])
			p.at += end + 2
		case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
			n.words = append(n.words, p.word())
		default:
			mark := p.at
			if word := p.word(); word != "" && strings.IndexByte("[(", p.peek()) < 0 {
				n.words = append(n.words, word) // the direction of an axis
				break
			}
			p.at = mark
			m, err := p.node(depth + 1)
			if err != nil {
				return n, err
			}
			n.nodes = append(n.nodes, m)
		}
		switch {
		case p.take("])"):
			return n, nil
		case !p.take(","):
			return n, errText
		}
	}
}

// word moves over a keyword or a number.
func (p *parser) word() string {
	p.peek()
	from := p.at
	for p.at < len(p.text) && p.text[p.at] > ' ' && strings.IndexByte(`[](),"`, p.text[p.at]) < 0 {
		p.at++
	}
	return p.text[from:p.at]
}

// system finds the system that a node describes, or is nil.
func (n node) system() proj.CRS {
	for _, name := range []string{n.code(), n.name()} {
		if crs, err := proj.Lookup(name); name != "" && err == nil {
			return crs
		}
	}
	switch {
	case n.is("GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS"):
		return n.geographic()
	case n.is("PROJCS", "PROJCRS", "PROJECTEDCRS"):
		return n.projected()
	}
	return nil
}

// code is the EPSG code of a node, empty when it has none.
func (n node) code() string {
	if id, ok := n.find("AUTHORITY", "ID"); ok && len(id.words) >= 2 && strings.EqualFold(id.words[0], "EPSG") {
		return id.words[1]
	}
	return ""
}

// datum is the datum of a geographic system as a code of its own, empty when it is none of ours.
func (n node) datum() string {
	d, ok := n.find("DATUM", "ENSEMBLE")
	if !ok {
		return ""
	}
	name := strings.ToLower(strings.NewReplacer("_", "", " ", "", "-", "").Replace(d.name()))
	switch strings.TrimPrefix(name, "d") {
	case "wgs1984", "wgs84", "worldgeodeticsystem1984", "worldgeodeticsystem1984ensemble", "worlgeodeticsystem1984":
		return "EPSG:4326"
	case "china2000", "cgcs2000", "chinageodeticcoordinatesystem2000", "chinageodeticcoordinatesystem2000cgcs2000":
		return "EPSG:4490"
	case "twd97", "twd1997", "taiwandatum1997", "taiwan1997":
		return "TWD97"
	}
	return ""
}

func (n node) geographic() proj.CRS {
	if meridian, ok := n.find("PRIMEM", "PRIMEMERIDIAN"); ok && (len(meridian.words) < 2 || number(meridian.words[1]) != 0) {
		return nil
	}
	if unit, ok := n.find("UNIT", "ANGLEUNIT"); ok && (len(unit.words) < 2 || math.Abs(number(unit.words[1])-math.Pi/180) > 1e-9) {
		return nil
	}
	crs, err := proj.Lookup(n.datum())
	if err != nil {
		return nil
	}
	return crs
}

// number is a number, or NaN.
func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// projected finds a Gauss–Krüger zone or another plane system by its parameters.
func (n node) projected() proj.CRS {
	base, ok := n.find("GEOGCS", "BASEGEOGCRS", "BASEGEODCRS")
	if !ok {
		return nil
	}
	way, parameters := "", n
	if c, ok := n.find("CONVERSION"); ok {
		parameters = c
		if m, ok := c.find("METHOD"); ok {
			way = m.name()
		}
	} else if p, ok := n.find("PROJECTION"); ok {
		way = p.name()
	}
	way = strings.ToLower(strings.ReplaceAll(way, " ", "_"))
	if unit, ok := n.find("UNIT", "LENGTHUNIT"); ok && (len(unit.words) < 2 || number(unit.words[1]) != 1) {
		return nil
	}
	if way != "transverse_mercator" && way != "gauss_kruger" {
		return nil
	}
	lon0 := parameters.parameter(math.NaN(), "central_meridian", "longitude_of_natural_origin")
	lat0 := parameters.parameter(0, "latitude_of_origin", "latitude_of_natural_origin")
	scale := parameters.parameter(1, "scale_factor", "scale_factor_at_natural_origin")
	fe := parameters.parameter(0, "false_easting")
	fn := parameters.parameter(0, "false_northing")
	if lat0 != 0 || fn != 0 {
		return nil
	}
	switch base.datum() {
	case "TWD97":
		if lon0 == 121 && scale == 0.9999 && fe == 250000 {
			return lookup(3826)
		}
	case "EPSG:4490":
		// 6° zones come first: where a 3° zone has the same numbers, theirs is the larger area.
		for code := proj.FirstZone; scale == 1 && code <= proj.LastZone; code++ {
			if z, _ := proj.ZoneOf(code); z.Lon0 == lon0 && z.FalseEasting() == fe {
				return lookup(code)
			}
		}
	}
	return nil
}

func lookup(code int) proj.CRS {
	crs, err := proj.Lookup(strconv.Itoa(code))
	if err != nil {
		return nil
	}
	return crs
}
