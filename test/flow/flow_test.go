package flow

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const example = `# A comment.
story 井盖丢失 A missing cover
begin 2026-11-02 09:00

li report $cover -> submitted
    source = collector
    class = part 0102
    ? area street = 110101001
    ? due = 2026-11-02 10:15
after 20m
wang inbox
	? has $cover = yes
after 2d
at 2026-11-05 08:00
chen take $cover.1 by handler@water-bureau refused wrong-post
wang look $cover refused 404
public alike
    description = 垃圾
qian notices $cover
    ? told organisation:water-bureau = dispatch live at 2026-11-05 08:00 says 派遣
    ? mail a@b.example = 已超时
qian subscribe $cover refused 422
    channel = mail a@b.example
`

func TestParse(t *testing.T) {
	s, err := Parse(example)
	if err != nil {
		t.Fatal(err)
	}
	zone, _ := time.LoadLocation(Zone)
	want := &Story{
		Title: "井盖丢失 A missing cover", Begin: time.Date(2026, 11, 2, 9, 0, 0, 0, zone),
		Steps: []Step{
			{
				Line: 5, User: "li", Verb: "report", Case: "cover", State: "submitted",
				Form:   []Pair{{"source", "collector"}, {"class", "part 0102"}},
				Checks: []Check{{Line: 8, Fact: "area", Of: "street", Want: "110101001"}, {Line: 9, Fact: "due", Want: "2026-11-02 10:15"}},
			},
			{Line: 10, After: 20 * time.Minute},
			{Line: 11, User: "wang", Verb: Inbox, Checks: []Check{{Line: 12, Fact: "has", Of: "$cover", Want: "yes"}}},
			{Line: 13, After: 48 * time.Hour},
			{Line: 14, At: time.Date(2026, 11, 5, 8, 0, 0, 0, zone)},
			{Line: 15, User: "chen", Verb: "take", Case: "cover.1", By: "handler@water-bureau", Refused: "wrong-post"},
			{Line: 16, User: "wang", Verb: Look, Case: "cover", Refused: "404"},
			{Line: 17, User: Public, Verb: Alike, Form: []Pair{{"description", "垃圾"}}},
			{Line: 19, User: "qian", Verb: Notices, Case: "cover", Checks: []Check{
				{Line: 20, Fact: "told", Of: "organisation:water-bureau", Want: "dispatch live at 2026-11-05 08:00 says 派遣"}, {Line: 21, Fact: "mail", Of: "a@b.example", Want: "已超时"},
			}},
			{Line: 22, User: "qian", Verb: Subscribe, Case: "cover", Refused: "422", Form: []Pair{{"channel", "mail a@b.example"}}},
		},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestSyntax(t *testing.T) {
	const head = "story a\nbegin 2026-11-02 09:00\n"
	for text, want := range map[string]string{
		"":                                         "a title and a begin",
		"story a\n":                                "a title and a begin",
		"story a\nstory b\n":                       "line 2: a story has one title",
		"li report $x -> y\n":                      "line 1: stands before the begin",
		"begin 2026-13-02 09:00\n":                 "line 1: a story begins once",
		head + "begin 2026-11-02 09:00\n":          "line 3: a story begins once",
		head + "at noon\n":                         "line 3: must be a time as",
		head + "after -1h\n":                       "line 3: must be a time as 20m",
		head + "after 99999d\n":                    "line 3: must be a time as 20m",
		head + "li report\n":                       "line 3: inbox and alike name no case",
		head + "li report $x\n":                    "line 3: must end in",
		head + "li inbox $x -> y\n":                "line 3: inbox and alike name no case",
		head + "li inbox -> y\n":                   "line 3: inbox and alike come to no state",
		head + "li notices $x -> y\n":              "line 3: notices, subscribe and remind come to no state",
		head + "li notices\n":                      "line 3: inbox and alike name no case",
		head + "li notices $x\n  a = b\n":          "line 4: nothing is filled in",
		head + "li report $x → y\n":                "line 3: must be USER ACTION",
		head + "  a = b\n":                         "line 3: belongs to no step",
		head + "after 1h\n  a = b\n":               "line 4: belongs to a step that only moves",
		head + "li look $x -> y\n  a = b\n":        "line 4: nothing is filled in",
		head + "li do $x refused y\n  ? a = b\n":   "line 4: nothing is seen",
		head + "li do $x -> y\n  ? a b c = d\n":    "line 4: must be ? FACT",
		head + "li do $x -> y\n  a =\n":            "line 4: must be FIELD = VALUE",
		head + strings.Repeat("x", maxText) + "\n": "at most",
	} {
		_, err := Parse(text)
		wrong, ok := errors.AsType[*SyntaxError](err)
		if !ok || !strings.Contains(wrong.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse reads anything: what is read is written so that it is read as the same.
func FuzzParse(f *testing.F) {
	f.Add(example)
	files, _ := filepath.Glob("../../profiles/*/stories/*.flow")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*SyntaxError](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again, err := Parse(s.String())
		if err != nil {
			t.Fatalf("%v in\n%s", err, s)
		}
		for _, one := range []*Story{s, again} {
			for i := range one.Steps {
				one.Steps[i].Line = 0
				for j := range one.Steps[i].Checks {
					one.Steps[i].Checks[j].Line = 0
				}
			}
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("%+v\n%+v", s, again)
		}
	})
}
