package bounds_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/grid/bounds"
)

func TestParse(t *testing.T) {
	t.Parallel()
	four := bounds.Sides{{"文明路"}, {"环城河"}, {"和平街"}, {"安平里"}}
	for text, want := range map[string]bounds.Sides{
		"东起文明路，西至和平街，北起安平里，南至环城河":                                                                      four,
		"東起文明路,西至和平街,北起安平里,南至环城河。":                                                                     four,
		"北起安平里南至环城河东起文明路西至和平街":                                                                         four,
		"四至：东：文明路；南：环城河；西：和平街；北：安平里":                                                                   four,
		"东临文明路、南靠环城河、西邻和平街、北接安平里":                                                                      four,
		"东以文明路为界，南以环城河为界，西以和平街为界，北以安平里为界":                                                              four,
		"文明路以西、环城河以北、和平街以东、安平里以南区域":                                                                    four,
		"东面到文明路\n南面到环城河\n西面到和平街\n北面到安平里":                                                               four,
		"东起“文明路”，西至「和平街」，北起\"安平里\"，南至环城河":                                                              four,
		"东至老北临路，西至西直门北大街，南至北京路":                                                                        {{"老北临路"}, {"北京路"}, {"西直门北大街"}, nil},
		"东起甲路、乙路，西至丙街，北起丁路，南至戊河":                                                                       {{"甲路", "乙路"}, {"戊河"}, {"丙街"}, {"丁路"}},
		"east: A Street; south: B Street; west: C Ave.; north: D":                                      {{"A Street"}, {"B Street"}, {"C Ave."}, {"D"}},
		"E: North Street, East Ave; S: B; W: C; N: D":                                                  {{"North Street", "East Ave"}, {"B"}, {"C"}, {"D"}},
		"from A Street in the east to B Street in the west, from C in the north to D in the south":     {{"A Street"}, {"D"}, {"B Street"}, {"C"}},
		"bounded by A St on the north, B St on the south, C St on the east and D St on the west":       {{"C St"}, {"B St"}, {"D St"}, {"A St"}},
		"Bounded on the north by A St, on the south by B St, on the east by C St, to the west by D St": {{"C St"}, {"B St"}, {"D St"}, {"A St"}},
		"north to A St; south to B St; east along C St":                                                {{"C St"}, {"B St"}, nil, {"A St"}},
	} {
		got, err := bounds.Parse(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q instead of %q, %v", text, got, want, err)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            "no side is named",
		"文明路":         "not said on which side this lies, at “文明路”",
		"东起文明路，西至和平街": "nothing is said of the south and the north",
		"东起文明路，西至，北起安平里，南至环城河":                 "",
		"东起文明路，西至和平街，东到安平里，南至环城河":              "the east is named twice, at “东到安平里",
		"东起文明路，西至和平街，北起":                       "nothing is named on the north",
		"东起“文明路，西至和平街":                         "never closed, at ““文明路",
		"东起文明路”，西至和平街":                         "never opened",
		"东起“”，西至和平街":                           "nothing stands between",
		"east: A on the west; north: B":        "on the east and on the west",
		"\xff":                                 "not UTF-8",
		strings.Repeat("东起甲路，", 400):           "at most 2000 bytes",
		"东起甲路、乙、丙、丁、戊、己、庚、辛、壬，西至癸路":            "more than 8 names",
		"A Street, east: B; west: C; north: D": "not said on which side this lies, at “A Street",
	} {
		got, err := bounds.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %q, %v instead of %q", text, got, err, want)
		}
	}
}

// TestNamesSurvive writes names that look like marks, lists and quotes.
func TestNamesSurvive(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"东至路", "北临街", "A, B", "East to the River", "甲路以东", "一线", "and Sons Road", "三路、四路", "north: x", "in the east", "E: 1", "四至路", " x", "从东到西", "The area bounded by C"} {
		s := bounds.Sides{{name, "乙路"}, {name}, {"丙路", name}, {"丁路"}}
		for _, text := range []string{s.Chinese(), s.English()} {
			got, err := bounds.Parse(text)
			trimmed := strings.TrimSpace(name)
			want := bounds.Sides{{trimmed, "乙路"}, {trimmed}, {"丙路", trimmed}, {"丁路"}}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q, %v", text, got, err)
			}
		}
	}
}

// FuzzParse reads any text: what is read is written and read again as the same, and faults lie within the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"东起文明路，西至和平街，北起安平里，南至环城河", "北起甲路南至乙路东起丙路西至丁路", "甲以西，乙以北，丙以东", "east: A; south: B, C; west: D; north: E",
		"from A in the east to B in the west, from C in the north to D in the south", "东以“甲”为界，南以乙一线", "E=1;S=2;N=3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := bounds.Parse(text)
		if err != nil {
			if wrong, ok := errors.AsType[*bounds.TextError](err); !ok || wrong.At < 0 || wrong.At > len(text) || wrong.What == "" {
				t.Fatalf("%q: %v", text, err)
			}
			_ = fmt.Sprint(err)
			return
		}
		for _, written := range []string{s.Chinese(), s.English()} {
			if len(written) > bounds.MaxText {
				continue
			}
			again, err := bounds.Parse(written)
			if err != nil || !reflect.DeepEqual(again, s) {
				t.Fatalf("%q is read as %q, written as %q and read as %q, %v", text, s, written, again, err)
			}
		}
	})
}
