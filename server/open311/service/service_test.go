package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/server/open311/service"
)

func list(t testing.TB, edition string, more func(catalogue.Key) []service.Attribute) *service.List {
	t.Helper()
	table, err := class.New(&class.City{Edition: edition})
	if err != nil {
		t.Fatal(err)
	}
	l, err := service.Make(table, more)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestServices looks at the services of all editions as clients take them: codes and names are unique, everything that a
// client wants is there, and keywords hold no comma.
func TestServices(t *testing.T) {
	for _, edition := range []string{catalogue.Edition2026, catalogue.Edition2013, catalogue.Edition2007} {
		l := list(t, edition, nil)
		if len(l.All) < 50 {
			t.Fatalf("%s: %d services", edition, len(l.All))
		}
		codes := map[string]bool{}
		names := map[string]bool{}
		for i := range l.All {
			s := &l.All[i]
			if codes[s.Code] || s.Code == "" || strings.ContainsAny(s.Code, "/. ?#%") {
				t.Errorf("%s: the code %q", edition, s.Code)
			}
			codes[s.Code] = true
			if found, ok := l.Find(s.Code); !ok || found != s {
				t.Errorf("%s is not found", s.Code)
			}
			if found, ok := l.Of(s.Key); !ok || found != s || !slices.Contains(l.Codes(s.Key), s.Key.Code) {
				t.Errorf("%s is not found by its class", s.Code)
			}
			for _, lang := range []string{"zh", "en"} {
				name := lang + s.Name[lang]
				if names[name] || s.Name[lang] == "" || s.Description[lang] == "" || s.Group[lang] == "" {
					t.Errorf("%s: %s in %s: %q", edition, s.Code, lang, s.Name[lang])
				}
				names[name] = true
			}
			for _, word := range s.Keywords {
				if word == "" || strings.Contains(word, ",") {
					t.Errorf("%s: keyword %q", s.Code, word)
				}
			}
		}
	}
	l := list(t, catalogue.Edition2026, nil)
	s, ok := l.Find("part-01002")
	if !ok || s.Name["zh"] != "污水井盖" && !strings.HasPrefix(s.Name["zh"], "污水井盖 (") || !slices.Contains(s.Keywords, "wushuijinggai") || !slices.Contains(s.Keywords, "wsjg") || !slices.Contains(s.Keywords, "窨井盖") {
		t.Errorf("%+v", s)
	}
	if _, ok := l.Find("01002"); ok {
		t.Error("a code that parts and events share stands for one of them")
	}
}

// TestOtherEditions: a case that was classed by another edition is of the service that means the same.
func TestOtherEditions(t *testing.T) {
	l := list(t, catalogue.Edition2026, nil)
	old := catalogue.Key{Edition: catalogue.Edition2013, Kind: catalogue.Part, Code: "0102"}
	s, ok := l.Of(old)
	if !ok || !strings.Contains(s.Name["zh"], "污水井盖") || !slices.Contains(l.Codes(s.Key), "0102") {
		t.Errorf("%+v, %v", s, ok)
	}
	if _, ok := l.Of(catalogue.Key{Edition: catalogue.Edition2013, Kind: catalogue.Part, Code: "9999"}); ok {
		t.Error("a class that there is not has a service")
	}
	if bare, ok := l.Of(catalogue.Key{Kind: catalogue.Part, Code: "01002"}); !ok || bare.Code != "part-01002" {
		t.Errorf("without an edition: %+v", bare)
	}
}

// TestHash: it changes when anything does that clients are told, and not otherwise.
func TestHash(t *testing.T) {
	plain := list(t, catalogue.Edition2026, nil)
	if again := list(t, catalogue.Edition2026, nil); again.Hash != plain.Hash {
		t.Error("the same services have another hash")
	}
	ask := func(why string) func(catalogue.Key) []service.Attribute {
		return func(key catalogue.Key) []service.Attribute {
			if key.Code != "01002" {
				return nil
			}
			return []service.Attribute{{Code: "WHY", Datatype: service.Text, Description: data.Title{"zh": why}}}
		}
	}
	one, other := list(t, catalogue.Edition2026, ask("为什么？")), list(t, catalogue.Edition2026, ask("为何？"))
	if one.Hash == plain.Hash || one.Hash == other.Hash || list(t, catalogue.Edition2013, nil).Hash == plain.Hash {
		t.Error("other services have the same hash")
	}
}

func TestQuestionsThatCannotBe(t *testing.T) {
	title := data.Title{"zh": "问"}
	values := []service.Choice{{Key: "a", Name: title}}
	for name, wrong := range map[string]service.Attribute{
		"no code":          {Datatype: service.Text, Description: title},
		"a code of a word": {Code: "A B", Datatype: service.Text, Description: title},
		"a datatype":       {Code: "A", Datatype: "picture", Description: title},
		"a list of none":   {Code: "A", Datatype: service.SingleList, Description: title},
		"values of a text": {Code: "A", Datatype: service.Text, Description: title, Values: values},
		"no words":         {Code: "A", Datatype: service.Text},
		"twice":            {Code: service.Part, Datatype: service.Text, Description: title},
	} {
		table := class.Default()
		_, err := service.Make(table, func(key catalogue.Key) []service.Attribute {
			if key.Kind == catalogue.Part {
				return []service.Attribute{wrong}
			}
			return nil
		})
		if err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

func TestNotice(t *testing.T) {
	l := list(t, catalogue.Edition2026, nil)
	s, _ := l.Find("part-01002")
	for lang, want := range map[string]string{"zh": "处置时限为2紧急工作时至5工作日", "en": "within 2 hours around the clock or, depending on the matter, up to 5 working days."} {
		if got := s.Notice(0, lang); !strings.Contains(got, want) {
			t.Errorf("%s: %s", lang, got)
		}
	}
	if got := s.Notice(3, "en"); !strings.Contains(got, "within 2 working days.") {
		t.Error(got)
	}
	if s.Row("3") != 3 || s.Row("0") != 0 || s.Row("99") != 0 || s.Row("x") != 0 {
		t.Error("rows")
	}
	if (&service.Service{}).Notice(1, "en") != "" {
		t.Error("a limit that there is not")
	}
}
