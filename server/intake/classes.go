package intake

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/classes"
)

// classBook finds classes by what a file says: a code or a name, perhaps with the kind and the edition.
type classBook struct {
	table *class.Table
	// held are the classes of the editions that were asked for, by code and by name.
	held map[string]map[string][]class.Class
}

func newClassBook(t *class.Table) *classBook {
	return &classBook{table: t, held: map[string]map[string][]class.Class{}}
}

// kinds are what files call the kinds of classes.
var kinds = map[string]catalogue.Kind{"part": catalogue.Part, "部件": catalogue.Part, "event": catalogue.Event, "事件": catalogue.Event, "事项": catalogue.Event, "事項": catalogue.Event}

// kindOf is a kind by its name, empty for no name; false for one that nobody knows.
func kindOf(word string) (catalogue.Kind, bool) {
	word = strings.ToLower(word)
	if word == "" {
		return "", true
	}
	if k, ok := kinds[word]; ok {
		return k, true
	}
	for name, k := range kinds { // 部件类, 事件问题
		if strings.HasPrefix(word, name) && len(name) > len("event") {
			return k, true
		}
	}
	return "", false
}

// editionOf is the key of an edition: as it is written, its standard, or its year.
func (b *classBook) editionOf(word string) (string, bool) {
	if word == "" {
		return b.table.Edition(), true
	}
	for _, e := range catalogue.Editions() {
		if strings.EqualFold(word, e.Key) || strings.EqualFold(word, e.Standard) || e.Since > 0 && strings.TrimSuffix(word, "年版") == strconv.Itoa(e.Since) {
			return e.Key, true
		}
	}
	return "", false
}

func (b *classBook) edition(key string) map[string][]class.Class {
	known, ok := b.held[key]
	if !ok {
		known = map[string][]class.Class{}
		for _, c := range b.table.Classes(key) {
			known[c.Code] = append(known[c.Code], c)
			if name := data.FoldName(c.Name); name != "" && name != c.Code {
				known[name] = append(known[name], c)
			}
		}
		b.held[key] = known
	}
	return known
}

// find is the class that a row means. columns are what messages call class, kind and edition.
func (b *classBook) find(text, kind, edition string, columns [3]string) (*cases.Class, *data.FieldError) {
	key, ok := b.editionOf(edition)
	if !ok {
		var have []string
		for _, e := range catalogue.Editions() {
			have = append(have, e.Key)
		}
		return nil, &data.FieldError{Field: columns[2], Value: edition, Why: "is no edition of the classes; known are " + strings.Join(have, ", ") + ", and their years"}
	}
	want, ok := kindOf(kind)
	if !ok {
		return nil, &data.FieldError{Field: columns[1], Value: kind, Why: "is no kind of class: say part (部件) or event (事件)"}
	}
	// The kind may stand before the code: event 0110, 部件/0102.
	if word, rest, cut := strings.Cut(strings.NewReplacer("/", " ", ":", " ", "：", " ").Replace(text), " "); cut && want == "" {
		if k, known := kindOf(word); known && k != "" {
			want, text = k, strings.TrimSpace(rest)
		}
	}
	found := slices.Clone(b.edition(key)[data.FoldName(text)])
	if want != "" {
		found = slices.DeleteFunc(found, func(c class.Class) bool { return c.Kind != want })
	}
	switch len(found) {
	case 1:
		return &cases.Class{Edition: found[0].Edition, Kind: string(found[0].Kind), Code: found[0].Code}, nil
	case 0:
		return nil, &data.FieldError{Field: columns[0], Value: text, Why: "is neither a code nor a name of a class of edition " + key + b.near(text, key)}
	}
	var all []string
	for _, c := range found {
		all = append(all, string(c.Kind)+" "+c.Code+" "+c.Name)
	}
	return nil, &data.FieldError{Field: columns[0], Value: text, Why: "means several classes: " + strings.Join(all, ", ") + "; say which as event 0110, or the kind in a column of its own"}
}

// near names classes that may be meant.
func (b *classBook) near(text, edition string) string {
	var all []string
	for _, s := range classes.Suggest(text, 6) {
		if s.Edition == edition && len(all) < 3 {
			all = append(all, string(s.Kind)+" "+s.Code+" "+s.Name)
		}
	}
	if len(all) == 0 {
		return "; GET /v1/classes lists them"
	}
	return "; perhaps " + strings.Join(all, ", ")
}
