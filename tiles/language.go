package tiles

import (
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// WordsSuffix makes, from the name of an attribute of codes, the name of the one that says in words what they mean. Tiles
// of a [Query] with a language have it for attributes with a dictionary, unless the layer has an attribute of that name.
const WordsSuffix = "_label"

// LabelKey is the attribute of label points that names their polygon, in the language of the query.
const LabelKey = keyLabel

// dictionary has the words for an attribute, nil when a query asks for none or there are none.
func (q *Query) dictionary(w *index.World, def *data.Layer, i int) *data.Dictionary {
	a := &def.Attributes[i]
	if q == nil || q.Lang == "" || a.Dictionary == "" || def.AttributeIndex(a.Name+WordsSuffix) >= 0 {
		return nil
	}
	d, _ := w.Dictionary(a.Dictionary)
	return d
}

// word is what a code means: the title of its entry in the language, as [data.Title.In] finds it, else the code.
func (q *Query) word(d *data.Dictionary, code string) string {
	if term, ok := d.Term(code); ok {
		return term.Title.In(q.Lang, code)
	}
	return code
}

// translation is the attribute that has the values of attribute i in the language of a query, or -1.
func (q *Query) translation(def *data.Layer, i int) int {
	if q == nil || q.Lang == "" {
		return -1
	}
	return def.Translation(i, q.Lang)
}

// column gives numbers to the values of attribute i of b.rows, in the language of the query where there is a translation
// and by themselves where there is none.
func (w *featureWriter) column(i int) (tagged, bool) {
	b, l, name := w.b, w.source.layer, w.def.Attributes[i].Name
	j := b.query.translation(w.def, i)
	if j < 0 {
		write := b.columns.add
		if a := &w.def.Attributes[i]; l.Column(i).Type().IsText() && (a.Unique || a.Name == w.def.ID.Attribute) {
			write = b.columns.distinct
		}
		return write(&b.main, name, l.Column(i), b.rows, w.limit)
	}
	first := b.main.number
	numbers, ok := b.columns.texts(&b.main, l.Column(j), b.rows, w.limit, nil)
	if !ok {
		return tagged{}, false
	}
	var rest []index.Slot
	for k, n := range numbers {
		if n == 0 {
			rest = append(rest, b.rows[k])
		}
	}
	others, ok := b.columns.texts(&b.main, l.Column(i), rest, w.limit, nil)
	if !ok {
		return tagged{}, false
	}
	for k := range numbers {
		if numbers[k] == 0 {
			numbers[k], others = others[0], others[1:]
		}
	}
	return b.main.tagged(name, numbers, first), true
}

// words gives numbers to what the codes of attribute i of b.rows mean.
func (w *featureWriter) words(i int) (tagged, bool) {
	b := w.b
	d := b.query.dictionary(w.source.world, w.def, i)
	if d == nil {
		return tagged{}, true
	}
	first := b.main.number
	numbers, ok := b.columns.texts(&b.main, w.source.layer.Column(i), b.rows, w.limit, func(code string) string {
		return b.query.word(d, code)
	})
	return b.main.tagged(w.def.Attributes[i].Name+WordsSuffix, numbers, first), ok
}

// tagLabel gives the next label point what names its polygon: under the name of the attribute and as [LabelKey], in the
// language of the query, and all translations that there are under their own names.
func (w *featureWriter) tagLabel(s index.Slot) {
	m, q, l := &w.b.label, w.b.query, w.source.layer
	named := w.def.LabelAttribute()
	if named < 0 {
		return
	}
	if w.translations == nil {
		w.translations = append([]int{}, w.def.Translations(named)...)
	}
	tag := func(name string, number uint32) {
		key := w.labelKeys[name]
		m.tag(use(m, &key, name), number)
		w.labelKeys[name] = key
	}
	v, name := l.Value(s, named), w.def.Attributes[named].Name
	if j := q.translation(w.def, named); j >= 0 {
		if t := l.Value(s, j); !t.Null() {
			v = t
		}
	}
	if !v.Null() {
		text := v.String()
		if d := q.dictionary(w.source.world, w.def, named); d != nil {
			text = q.word(d, text)
		}
		if name != keyLabel {
			tag(name, m.value(v))
		}
		tag(keyLabel, m.text(text))
	}
	for _, j := range w.translations {
		if t := l.Value(s, j); !t.Null() && w.def.Attributes[j].Name != keyLabel {
			tag(w.def.Attributes[j].Name, m.value(t))
		}
	}
}
