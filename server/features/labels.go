package features

import (
	"encoding/json"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

// labels say in words what the codes of features mean.
type labels struct {
	lang    string
	coded   []coded
	defined data.Seq
}

// coded is an attribute whose values a dictionary has.
type coded struct {
	place      int
	name       string
	dictionary *data.Dictionary
}

// readLabels reads the parameters labels and lang, of which the second asks for labels by itself; nil when no labels are
// asked for.
func readLabels(q *rest.Params, w *index.World, l *index.Layer) *labels {
	asked, lang := q.Flag("labels"), q.Text("lang")
	if !asked && lang == "" {
		return nil
	}
	if lang == "" {
		lang = "zh"
	}
	of := &labels{lang: lang, defined: w.Defined()}
	for i, a := range l.Def().Live() {
		if d, ok := w.Dictionary(a.Dictionary); ok {
			of.coded = append(of.coded, coded{i, a.Name, d})
		}
	}
	return of
}

// member is the member labels of a feature: the words for each code that has some.
func (of *labels) member(l *index.Layer, slot index.Slot) convert.Member {
	words := map[string]string{}
	for _, c := range of.coded {
		if term, ok := c.dictionary.Term(l.Value(slot, c.place).Text()); ok {
			if text := term.Title.In(of.lang, ""); text != "" {
				words[c.name] = text
			}
		}
	}
	text, err := json.Marshal(words)
	if err != nil {
		text = []byte("{}") // a map of strings
	}
	return convert.Member{Name: "labels", Value: text}
}

// tag is the ETag of a feature: the Seq of its newest change, and that of the definitions that it is shown by when they
// are newer.
func (of *labels) tag(l *index.Layer, slot index.Slot) string {
	changed, defined := l.ChangedAt(slot), l.DefSeq()
	if of != nil {
		defined = of.defined
	}
	tag := strconv.FormatUint(uint64(changed), 10)
	if defined > changed {
		tag += "-" + strconv.FormatUint(uint64(defined), 10)
	}
	if view := l.View(); view != "" {
		tag += "-" + view // who sees less of it sees another feature
	}
	return tag
}
