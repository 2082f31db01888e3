package phrase_test

import (
	"math"
	"testing"

	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/phrase"
)

// nowhere is a city without names.
type nowhere struct{}

func (nowhere) Begins([]rune, func(names.ID, int) bool)        {}
func (nowhere) Near(_ []rune, dst []names.Match) []names.Match { return dst }
func (nowhere) Weak(names.ID) bool                             { return false }
func (nowhere) Name(names.ID) []rune                           { return nil }
func term(text string, word phrase.Word) (e phrase.Element, ok bool) {
	var r phrase.Reader
	all := r.Read(normal.Of(text).Runes, nowhere{}, 1, nil)
	if len(all) == 0 || len(all[0].Elements) != 1 || all[0].Elements[0].Word != word {
		return e, false
	}
	return all[0].Elements[0], true
}

// TestMeasures reads distances: the middle of what they say, and how much more or less that leaves open.
func TestMeasures(t *testing.T) {
	for _, test := range []struct {
		text           string
		metres, spread float64
	}{
		{"50米", 50, 0},
		{"五十米", 50, 0},
		{"一百五十公尺", 150, 0},
		{"1.5公里", 1500, 0},
		{"200 m", 200, 0},
		{"1,500米", 1500, 0},
		{"100多公尺", 150, 50},
		{"一百多米", 150, 50},
		{"50多米", 55, 5},
		{"120余米", 125, 5},
		{"百来米", 105, 25},
		{"十来米", 10.5, 2.5},
		{"百米", 100, 0},
		{"上百米", 150, 50},
		{"近百米", 90, 10},
		{"不到100米", 75, 25},
		{"几米", 6, 3},
		{"几十米", 60, 30},
		{"数百公尺", 600, 300},
		{"十几米", 15, 4},
		{"二十几米", 25, 4},
		{"好几百米", 600, 300},
		{"两三百米", 250, 50},
		{"三四米", 3.5, 0.5},
		{"三五米", 4, 1},
		{"五六十米", 55, 5},
		{"2、300米", 250, 50},
		{"50-100公尺", 75, 25},
		{"50~100米", 75, 25},
		{"五十到一百米", 75, 25},
		{"50至100米", 75, 25},
		{"半公里", 500, 0},
		{"半里", 250, 0},
		{"一公里半", 1500, 0},
		{"1里地", 500, 100},
		{"30步", 21, 5.25},
		{"六尺", 2, 0},
		{"200英尺", 60.96, 0},
		{"三百英尺", 91.44, 0},
		{"200呎", 60.96, 0},
		{"1英里", 1609.344, 0},
		{"100碼", 91.44, 0},
		{"200 feet", 60.96, 0},
		{"200ft", 60.96, 0},
		{"20 yd", 18.288, 0},
		{"half a mile", 804.672, 0},
		{"half mile", 804.672, 0},
		{"2 kilometres", 2000, 0},
	} {
		e, ok := term(test.text, phrase.Measure)
		if !ok || math.Abs(e.Metres-test.metres) > 1e-6 || math.Abs(e.Spread-test.spread) > 1e-6 {
			t.Errorf("%s: %v ± %v (%v), want %v ± %v", test.text, e.Metres, e.Spread, ok, test.metres, test.spread)
		}
	}
	for _, text := range []string{"百", "几", "半", "50", "三米七八", "100", "五一", "上米", "不到", "1234567米"} {
		if e, ok := term(text, phrase.Measure); ok {
			t.Errorf("%s: %v ± %v, and is no distance", text, e.Metres, e.Spread)
		}
	}
}

// TestMilestones reads kilometre marks, which are no numbers of houses.
func TestMilestones(t *testing.T) {
	for text, metres := range map[string]float64{"32K+500": 32_500, "K32+500": 32_500, "32.5K": 32_500, "k0+050": 50, "120k+000": 120_000, "32K處": 32_000} {
		var r phrase.Reader
		all := r.Read(normal.Of(text).Runes, nowhere{}, 1, nil)
		if e := all[0].Elements[0]; e.Word != phrase.Milestone || math.Abs(e.Metres-metres) > 1e-6 {
			t.Errorf("%s: %+v, want %v", text, e, metres)
		}
	}
	for _, text := range []string{"32K", "K11", "32K號", "32km", "12k 50", "5kg"} {
		if e, ok := term(text, phrase.Milestone); ok {
			t.Errorf("%s: %v, and is no mark", text, e.Metres)
		}
	}
}

// TestOrdinals reads what counts in order as numbers of sections and buildings, and else as none.
func TestOrdinals(t *testing.T) {
	for text, number := range map[string]bool{"第二段": true, "第3栋": true, "第5弄": true, "第12号": false, "第3": false, "7月15号": false} {
		var r phrase.Reader
		found := false
		for _, e := range r.Read(normal.Of(text).Runes, nowhere{}, 1, nil)[0].Elements {
			found = found || e.Kind == phrase.Number && (e.End == len(normal.Of(text).Runes))
		}
		if found != number {
			t.Errorf("%s: a number: %v", text, found)
		}
	}
}
