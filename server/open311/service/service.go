// Package service makes the services of Open311 of the classes of a city: what can be reported, with the questions that
// belong to it. It knows no HTTP and no case.
package service

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/classes"
	"github.com/gewu-city/gewu/geocode/pinyin"
)

// The datatypes of attributes.
const (
	String     = "string"
	Number     = "number"
	Datetime   = "datetime"
	Text       = "text"
	SingleList = "singlevaluelist"
	MultiList  = "multivaluelist"
)

// The codes of the attributes that gewu asks for itself: which row of the limits of the class fits, and which thing of the
// city it is.
const (
	Condition = "CONDITION"
	Part      = "PART"
)

// Attribute is a question about a report. Its order is that in its service.
type Attribute struct {
	// Code is unique in its service: letters, digits, - and _.
	Code string
	// Datatype is one of the constants above. Values are what a list has.
	Datatype string
	Required bool
	// Info says that Description is only shown, and nothing is asked.
	Info bool
	// Description is the question, Hint what an answer looks like.
	Description, Hint data.Title
	Values            []Choice
}

// Choice is one of the answers of a list.
type Choice struct {
	Key  string
	Name data.Title
}

// Service is one thing that can be reported: a class of the city. It is immutable.
type Service struct {
	// Code is that of the class; where parts and events of the edition share codes, with "part-" or "event-" before it.
	Code string
	Key  catalogue.Key
	// Name is different for each service of a list, since clients tell services by it.
	Name, Description, Group data.Title
	// Keywords are what people call it, with pinyin and its first letters.
	Keywords   []string
	Attributes []Attribute
	// Limits are the rows of its class.
	Limits []class.Row
}

// List is all services of a city. It is immutable and safe for concurrent use.
type List struct {
	All []Service
	// Hash changes exactly when what clients are told of the services does.
	Hash   string
	byCode map[string]*Service
	// byKey has the classes of all editions that mean one of the services.
	byKey map[catalogue.Key]*Service
	codes map[catalogue.Key][]string
}

// Make makes the services of the classes that new cases are classed by. more are the questions that the city asks about a
// class beside those of gewu, or nil. The error is a *[data.FieldError] for a question that cannot be.
func Make(table *class.Table, more func(catalogue.Key) []Attribute) (*List, error) {
	l := &List{byCode: map[string]*Service{}, byKey: map[catalogue.Key]*Service{}, codes: map[catalogue.Key][]string{}}
	all := table.Classes(table.Edition())
	shared := map[string]int{}
	for _, c := range all {
		shared[c.Code]++
	}
	twice := slices.ContainsFunc(all, func(c class.Class) bool { return shared[c.Code] > 1 })
	for _, c := range all {
		s := of(table, &c)
		if twice {
			s.Code = string(c.Kind) + "-" + c.Code
		}
		if more != nil {
			s.Attributes = append(s.Attributes, more(c.Key)...)
		}
		if err := check(&s); err != nil {
			return nil, err
		}
		l.All = append(l.All, s)
	}
	for _, lang := range []string{"zh", "en"} {
		distinguish(l.All, lang)
	}
	for i := range l.All { // pointers into the list, which does not grow any more
		s := &l.All[i]
		l.byCode[s.Code], l.byKey[s.Key] = s, s
	}
	l.others(table)
	told, err := json.Marshal(l.All)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	sum := sha256.Sum256(told)
	l.Hash = hex.EncodeToString(sum[:16])
	return l, nil
}

// Find is a service by its code.
func (l *List) Find(code string) (*Service, bool) {
	s, ok := l.byCode[code]
	return s, ok
}

// Of is the service of a class, which may be of another edition: then that of the class that means the same. An edition that
// is not said is the present one.
func (l *List) Of(key catalogue.Key) (*Service, bool) {
	if key.Edition == "" && len(l.All) > 0 {
		for _, s := range l.All {
			if s.Key.Kind == key.Kind && s.Key.Code == key.Code {
				key = s.Key
			}
		}
	}
	s, ok := l.byKey[key]
	return s, ok
}

// Codes are the codes of all classes, of whatever edition, for which Of finds the service of a class.
func (l *List) Codes(key catalogue.Key) []string { return l.codes[key] }

// others notes the classes of all editions with the service that means the same.
func (l *List) others(table *class.Table) {
	all := catalogue.All()
	for _, e := range catalogue.Editions() {
		for _, c := range table.Classes(e.Key) {
			all = append(all, c.Class)
		}
	}
	for _, c := range all {
		if _, known := l.byKey[c.Key]; known {
			continue
		}
		for _, same := range table.Map(c.Key, table.Edition()) {
			if s, ok := l.byKey[same.Key]; ok {
				l.byKey[c.Key] = s
				break
			}
		}
	}
	for key, s := range l.byKey {
		if !slices.Contains(l.codes[s.Key], key.Code) {
			l.codes[s.Key] = append(l.codes[s.Key], key.Code)
		}
	}
}

// of is the service of a class.
func of(table *class.Table, c *class.Class) Service {
	s := Service{
		Code: c.Code, Key: c.Key, Limits: table.Limits(c.Key),
		Name: data.Title{"zh": c.Name, "en": c.Name}, Description: data.Title{"zh": c.Name, "en": c.Name},
		Group: data.Title{"zh": "部件", "en": "Parts"},
	}
	if c.Kind == catalogue.Event {
		s.Group = data.Title{"zh": "事件", "en": "Events"}
	}
	words := []string{c.Name, c.Major}
	if about, ok := classes.Of(c.Edition, classes.Kind(c.Kind), c.Code); ok {
		s.Name["en"] = about.Title.EN
		s.Description = data.Title{"zh": about.Title.ZH, "en": about.Title.EN}
		words = append(words, about.Words...)
	}
	if c.Major != "" {
		s.Description["zh"] = c.Major + "：" + s.Description["zh"]
	}
	s.Keywords = keywords(words)
	s.Attributes = questions(c, s.Limits)
	return s
}

// mostWords is how many keywords a service has; clients show them or search in them.
const mostWords = 40

// keywords are words, each once, behind them how the name is read.
func keywords(words []string) []string {
	var out []string
	add := func(word string) {
		word = strings.TrimSpace(strings.ReplaceAll(word, ",", " "))
		if word != "" && len(out) < mostWords && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	if len(words) > 0 {
		add(words[0])
		full, first := read(words[0])
		add(full)
		add(first)
	}
	for _, word := range words {
		add(word)
	}
	return out
}

// read is how a text is read, without tones, and the first letters of that. Characters without a reading are left out.
func read(text string) (full, first string) {
	var all, letters strings.Builder
	for _, r := range text {
		if ways := pinyin.Of(r); len(ways) > 0 {
			syllable := ways[0].String()
			all.WriteString(syllable)
			letters.WriteByte(syllable[0])
		}
	}
	return all.String(), letters.String()
}

// questions are those that gewu asks about a class: what is the matter, where the limits tell several things apart, and
// which part it is.
func questions(c *class.Class, rows []class.Row) []Attribute {
	var out []Attribute
	var choices []Choice
	for i, row := range rows {
		known := slices.ContainsFunc(choices, func(o Choice) bool { return o.Name.In("zh", "") == row.Filing.In("zh", "") })
		if !known && row.Filing.In("zh", "") != "" {
			choices = append(choices, Choice{Key: strconv.Itoa(i + 1), Name: row.Filing})
		}
	}
	if len(choices) > 1 {
		out = append(out, Attribute{
			Code: Condition, Datatype: SingleList, Values: choices,
			Description: data.Title{"zh": "是什么问题？", "en": "What is the matter?"},
			Hint:        data.Title{"zh": "选一项，也可以不选", "en": "Pick one, or none"},
		})
	}
	if c.Kind == catalogue.Part {
		out = append(out, Attribute{
			Code: Part, Datatype: String,
			Description: data.Title{"zh": "部件编码（标牌上的编号）", "en": "Code of the part, as its plate says"},
			Hint:        data.Title{"zh": "例如 1101010102000007，可以不填", "en": "Such as 1101010102000007; may be left out"},
		})
	}
	return out
}

// check sees that the questions of a service can be asked, and gives each a text where clients want one.
func check(s *Service) error {
	seen := map[string]bool{}
	for i := range s.Attributes {
		a := &s.Attributes[i]
		fail := func(value, why string) error {
			return &data.FieldError{Field: "attribute of " + s.Key.String(), Value: value, Why: why}
		}
		list := a.Datatype == SingleList || a.Datatype == MultiList
		switch {
		case a.Code == "" || strings.Trim(a.Code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "":
			return fail(a.Code, "a code has letters, digits, - and _ only")
		case seen[a.Code]:
			return fail(a.Code, "is there twice")
		case !slices.Contains([]string{String, Number, Datetime, Text, SingleList, MultiList}, a.Datatype):
			return fail(a.Code, fmt.Sprintf("has no datatype %q", a.Datatype))
		case list != (len(a.Values) > 0):
			return fail(a.Code, "has values exactly if it is a list")
		case a.Description.In("zh", "") == "":
			return fail(a.Code, "has no description")
		}
		seen[a.Code] = true
		if a.Hint.In("zh", "") == "" {
			a.Hint = a.Description
		}
	}
	return nil
}

// distinguish makes the names of services different in a language: by their group, else by their code.
func distinguish(all []Service, lang string) {
	for _, by := range []func(*Service) string{func(s *Service) string { return s.Group.In(lang, "") }, func(s *Service) string { return s.Code }} {
		count := map[string]int{}
		for i := range all {
			count[all[i].Name[lang]]++
		}
		for i := range all {
			if s := &all[i]; count[s.Name[lang]] > 1 {
				s.Name[lang] += " (" + by(s) + ")"
			}
		}
	}
}

// Notice says to whoever reports how long handling may take, in a language; empty where nothing is known. row is the row
// that was picked, counted from 1, 0 for none.
func (s *Service) Notice(row int, lang string) string {
	if len(s.Limits) == 0 {
		return ""
	}
	zh := strings.HasPrefix(lang, "zh")
	if row >= 1 && row <= len(s.Limits) || len(s.Limits) == 1 {
		limit := s.Limits[max(row, 1)-1].Limit.In(lang)
		if zh {
			return "立案派遣后，处置时限为" + limit + "。"
		}
		return "Once it is assigned, it is to be dealt with within " + limit + "."
	}
	rows := slices.Clone(s.Limits)
	slices.SortStableFunc(rows, func(a, b class.Row) int { return cmp.Compare(a.Limit.Span, b.Limit.Span) })
	from, to := rows[0].Limit.In(lang), rows[len(rows)-1].Limit.In(lang)
	switch {
	case from == to && zh:
		return "立案派遣后，处置时限为" + to + "。"
	case from == to:
		return "Once it is assigned, it is to be dealt with within " + to + "."
	case zh:
		return "立案派遣后，按问题的情形，处置时限为" + from + "至" + to + "。"
	}
	return "Once it is assigned, it is to be dealt with within " + from + " or, depending on the matter, up to " + to + "."
}

// Row is the number of a row as it stands in the class of a case, 0 for none.
func (s *Service) Row(text string) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(s.Limits) {
		return n
	}
	return 0
}
