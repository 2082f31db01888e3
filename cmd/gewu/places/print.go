package places

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// place mirrors what is printed of a feature of GET /v1/geocode.
type place struct {
	Geometry struct {
		Coordinates []float64 `json:"coordinates"`
	} `json:"geometry"`
	Properties struct {
		Geocoding struct {
			Kind     string  `json:"kind"`
			Relation string  `json:"relation"`
			Label    string  `json:"label"`
			Score    int     `json:"score"`
			RadiusM  float64 `json:"radius_m"`
			// DistanceM stands in the place of the radius around a point.
			DistanceM *float64 `json:"distance_m"`
			Faults    []fault  `json:"faults"`
		} `json:"geocoding"`
		Areas []struct {
			Level string `json:"level"`
			Code  string `json:"code"`
			Name  string `json:"name"`
		} `json:"areas"`
		Cells []struct {
			Scheme string `json:"scheme"`
			Code   string `json:"code"`
			Name   string `json:"name"`
		} `json:"cells"`
		Shares []struct {
			Scheme string  `json:"scheme"`
			Code   string  `json:"code"`
			Share  float64 `json:"share"`
		} `json:"cell_shares"`
	} `json:"properties"`
}

type fault struct {
	Element string `json:"element"`
	Kind    string `json:"kind"`
	Text    string `json:"text"`
	Meant   string `json:"meant"`
	Points  int    `json:"points"`
}

// words say a fault to a person.
func (f *fault) words() string {
	text := f.Element + " " + strings.ReplaceAll(f.Kind, "_", " ")
	if f.Text != "" {
		text += " " + f.Text
	}
	if f.Meant != "" {
		text += " → " + f.Meant
	}
	return text + " (−" + strconv.Itoa(f.Points) + ")"
}

// suggestion is a class that the words of a report speak of.
type suggestion struct {
	Edition string `json:"edition"`
	Kind    string `json:"kind"`
	Code    string `json:"code"`
	Name    string `json:"name"`
	Title   struct {
		ZH string `json:"zh"`
	} `json:"title"`
	Score int `json:"score"`
	// Spans are the words, in characters of the text.
	Spans [][2]int `json:"spans"`
}

// printPlaces prints the places of an answer for a person: a numbered line for each, and below it whose ground it is and
// why the score is not higher. A star marks the place that a report is about; behind the places stand the classes that it
// may be of.
func printPlaces(w io.Writer, answer io.Reader, text string) error {
	var got struct {
		Geocoding struct {
			// Reported is the place that a report is about.
			Reported *int         `json:"reported"`
			Classes  []suggestion `json:"classes"`
		} `json:"geocoding"`
		Features []place `json:"features"`
	}
	if err := json.NewDecoder(answer).Decode(&got); err != nil {
		return err
	}
	var b strings.Builder
	if len(got.Features) == 0 {
		b.WriteString("no place found\n")
	}
	widest := 0
	for i := range got.Features {
		widest = max(widest, width(got.Features[i].title()))
	}
	for i := range got.Features {
		mark := " "
		if reported := got.Geocoding.Reported; reported != nil && *reported == i {
			mark = "*"
		}
		got.Features[i].print(&b, mark, i+1, widest)
	}
	if len(got.Geocoding.Classes) > 0 {
		b.WriteString("it may be about\n")
	}
	characters := []rune(text)
	for i := range got.Geocoding.Classes {
		got.Geocoding.Classes[i].print(&b, characters)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *suggestion) print(b *strings.Builder, text []rune) {
	name := s.Name
	if name == "" {
		name = s.Title.ZH
	}
	words := make([]string, len(s.Spans))
	for i, span := range s.Spans {
		from := min(max(span[0], 0), len(text))
		words[i] = string(text[from:max(from, min(span[1], len(text)))])
	}
	fmt.Fprintf(b, "    %3d  %-5s  %s  %s (%s): %s\n", s.Score, s.Kind, s.Code, name, s.Edition, strings.Join(words, ", "))
}

func (p *place) title() string {
	g := &p.Properties.Geocoding
	if g.Relation != "" {
		return g.Label + " (" + g.Relation + ")"
	}
	return g.Label
}

func (p *place) print(b *strings.Builder, mark string, n, widest int) {
	g := &p.Properties.Geocoding
	at := make([]string, len(p.Geometry.Coordinates))
	for i, v := range p.Geometry.Coordinates {
		at[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	off := fmt.Sprintf("±%.0f m", g.RadiusM)
	if g.DistanceM != nil {
		off = fmt.Sprintf("%.0f m away", *g.DistanceM)
	}
	fmt.Fprintf(b, "%2d%s %3d  %-8s  %s%s  %s  %s\n", n, mark, g.Score, g.Kind, p.title(),
		strings.Repeat(" ", widest-width(p.title())), strings.Join(at, ","), off)
	var of []string
	for _, a := range p.Properties.Areas {
		of = append(of, a.Level+" "+strings.TrimSpace(a.Code+" "+a.Name))
	}
	for _, c := range p.Properties.Cells {
		of = append(of, c.Scheme+" "+strings.TrimSpace(c.Code+" "+c.Name))
	}
	indented(b, of, ", ")
	of = nil
	for i, s := range p.Properties.Shares {
		if i == mostShares {
			of = append(of, "…")
			break
		}
		of = append(of, fmt.Sprintf("%s %s %.0f %%", s.Scheme, s.Code, s.Share*100))
	}
	indented(b, of, ", ")
	of = nil
	for i := range g.Faults {
		of = append(of, g.Faults[i].words())
	}
	indented(b, of, "; ")
}

// indented prints a list on a line of its own, below the label.
func indented(b *strings.Builder, list []string, separator string) {
	if len(list) > 0 {
		fmt.Fprintf(b, "%19s%s\n", "", strings.Join(list, separator))
	}
}

// mostShares is how many cells a place is shared out to on one line.
const mostShares = 6

// width is how many columns a text takes on a terminal: Chinese characters take two.
func width(s string) int {
	n := 0
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		n++
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe4f || r >= 0xff00 && r <= 0xff60 || r >= 0x20000 && r <= 0x3fffd) {
			n++
		}
	}
	return n
}
