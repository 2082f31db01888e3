package process

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Facts answer what guards ask about a case, somebody who acts and what is filled in. Names are those that guards use;
// a table asks for no others than [Known] lists, and for those with a prefix.
type Facts interface {
	// Number is a count; a truth is 0 or 1.
	Number(name string) int
	// Text is a word, empty for none.
	Text(name string) string
}

type kind uint8

const (
	truth kind = iota + 1
	number
	text
)

// vocabulary is what guards may ask. A name that ends in a point is a prefix; what follows is declared in the table.
var vocabulary = map[string]struct {
	kind  kind
	title data.Title
}{
	Located:         {truth, data.Title{"zh": "位置已确定", "en": "the place is known"}},
	"disputed":      {truth, data.Title{"zh": "位于争议区域", "en": "the place lies in a disputed zone"}},
	"in_unit":       {truth, data.Title{"zh": "操作人属于当前承办单位", "en": "whoever acts belongs to the unit that has the case"}},
	"in_first_unit": {truth, data.Title{"zh": "操作人属于首接单位", "en": "whoever acts belongs to the unit that received the case first"}},
	"unit_ended":    {truth, data.Title{"zh": "当前承办单位已撤销", "en": "the unit that has the case has ended"}},
	"in_last_unit":  {truth, data.Title{"zh": "操作人属于最后承办单位", "en": "whoever acts belongs to the unit that had the case last"}},
	"unit_own":      {truth, data.Title{"zh": "接收单位是操作人所在单位", "en": "the unit that is filled in is that of whoever acts"}},
	"tasked":        {truth, data.Title{"zh": "任务已交给操作人", "en": "the task is with whoever acts"}},
	"is_child":      {truth, data.Title{"zh": "是子案件", "en": "the case is part of another one"}},
	"unit_above":    {truth, data.Title{"zh": "接收单位是上级单位", "en": "the unit that is filled in lies above the present one"}},
	"unit_below":    {truth, data.Title{"zh": "接收单位是下级单位", "en": "the unit that is filled in lies below the present one"}},
	"photos_before": {number, data.Title{"zh": "处置前照片数", "en": "photos from before"}},
	"photos_after":  {number, data.Title{"zh": "处置后照片数", "en": "photos from after"}},
	"parts":         {number, data.Title{"zh": "相关部件数", "en": "parts"}},
	"children":      {number, data.Title{"zh": "子案件数", "en": "cases below this one"}},
	"children_open": {number, data.Title{"zh": "未结子案件数", "en": "cases below this one that are open"}},
	"depth":         {number, data.Title{"zh": "流转层级数", "en": "times handed on without a result"}},
	"days_closed":   {number, data.Title{"zh": "结案后天数", "en": "days since the case came to rest"}},
	"source":        {text, data.Title{"zh": "来源", "en": "source"}},
	"class_kind":    {text, data.Title{"zh": "类别（部件或事件）", "en": "kind of the class, part or event"}},
	"overdue.":      {truth, data.Title{"zh": "超时", "en": "over the limit"}},
	"mark.":         {truth, data.Title{"zh": "标记", "en": "mark"}},
	"count.":        {number, data.Title{"zh": "次数", "en": "count"}},
	"granted.":      {number, data.Title{"zh": "已批准次数", "en": "times granted"}},
	"asked.":        {number, data.Title{"zh": "申请次数", "en": "times asked"}},
	"field.":        {text, data.Title{"zh": "填写内容", "en": "what is filled in"}},
}

// Known are the names that guards may use, in order; one that ends in a point is a prefix.
func Known() []string {
	out := make([]string, 0, len(vocabulary))
	for name := range vocabulary {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Guard is a condition on one fact: "in_unit", "not disputed", "photos_after >= 1", "source in public, hotline",
// "source not in sensor".
type Guard struct {
	source string
	fact   string
	kind   kind
	// least and most bound a number; a truth is one.
	least, most int
	// words are the values of a text, or with not those that it must not have.
	words []string
	not   bool
	// name is what people call the mark, count, request, clock or field that the fact is about.
	name data.Title
}

// String is the guard as it is written.
func (g Guard) String() string { return g.source }

// Title is what the guard asks for people.
func (g Guard) Title() data.Title {
	section, id, dotted := strings.Cut(g.fact, ".")
	if dotted {
		section += "."
	}
	tail := strings.TrimPrefix(strings.TrimPrefix(g.source, "not "), g.fact)
	tail = strings.Replace(strings.Replace(tail, " not in ", " ∉ ", 1), " in ", " ∈ ", 1)
	out := data.Title{}
	for lang, not := range map[string]string{"zh": "并非：", "en": "not: "} {
		out[lang] = vocabulary[section].title[lang]
		if dotted {
			out[lang] += " " + g.name.In(lang, id)
		}
		out[lang] += tail
		if g.kind == truth && g.most == 0 {
			out[lang] = not + out[lang]
		}
	}
	return out
}

// Holds reports whether the guard holds.
func (g Guard) Holds(f Facts) bool {
	if g.kind == text {
		return slices.Contains(g.words, f.Text(g.fact)) != g.not
	}
	n := f.Number(g.fact)
	return n >= g.least && n <= g.most
}

// Located is the fact that a case has a place, in the city if that has areas or cells.
const Located = "located"

// Asks reports whether a guard of the step asks for a fact.
func (s *Step) Asks(fact string) bool {
	return slices.ContainsFunc(s.Guards, func(g Guard) bool { return g.fact == fact })
}

// AboutForm reports whether the guard may ask for what is filled in, so that it is not known before that is.
func (g Guard) AboutForm() bool {
	section, _, _ := strings.Cut(g.fact, ".")
	return slices.Contains([]string{"field", Located, "unit_above", "unit_below", "unit_own", "photos_before", "photos_after", "parts", "class_kind"}, section)
}

// ParseGuard reads a guard. The error says what is wrong with it and what would be right.
func ParseGuard(s string) (Guard, error) {
	g := Guard{source: strings.Join(strings.Fields(s), " ")}
	words := strings.Fields(s)
	if len(words) == 0 {
		return g, fmt.Errorf("is empty: a guard asks for a fact, such as %q", "in_unit")
	}
	negated := words[0] == "not"
	if negated {
		words = words[1:]
	}
	if len(words) == 0 {
		return g, errors.New("says what is not, but not which fact")
	}
	g.fact = words[0]
	name := g.fact
	if i := strings.IndexByte(name, '.'); i >= 0 {
		name = name[:i+1]
	}
	known, ok := vocabulary[name]
	if !ok || name == g.fact && strings.HasSuffix(name, ".") {
		return g, fmt.Errorf("asks for a fact that nobody knows; known are %s", strings.Join(Known(), ", "))
	}
	g.kind = known.kind
	rest := words[1:]
	switch {
	case g.kind == truth:
		if len(rest) > 0 {
			return g, fmt.Errorf("compares a truth: write %q or %q", g.fact, "not "+g.fact)
		}
		g.least, g.most = 1, 1
		if negated {
			g.least, g.most = 0, 0
		}
		return g, nil
	case negated:
		return g, errors.New("negates something that is no truth: compare it instead")
	case g.kind == text:
		return g, g.readWords(rest)
	default:
		return g, g.readBounds(rest)
	}
}

func (g *Guard) readWords(rest []string) error {
	if len(rest) > 0 && rest[0] == "not" {
		g.not, rest = true, rest[1:]
	}
	if len(rest) < 2 || rest[0] != "in" {
		return fmt.Errorf("asks for a word: write %q", g.fact+" in WORD, WORD")
	}
	for w := range strings.SplitSeq(strings.Join(rest[1:], " "), ",") {
		if w = strings.TrimSpace(w); w == "" {
			return errors.New("has an empty word in its list")
		}
		g.words = append(g.words, w)
	}
	return nil
}

func (g *Guard) readBounds(rest []string) error {
	if len(rest) != 2 {
		return fmt.Errorf("asks for a number: write %q", g.fact+" >= 1")
	}
	n, err := strconv.Atoi(rest[1])
	if err != nil {
		return fmt.Errorf("compares with %q, which is no whole number", rest[1])
	}
	g.least, g.most = 0, math.MaxInt
	switch rest[0] {
	case "=":
		g.least, g.most = n, n
	case ">=":
		g.least = n
	case ">":
		g.least = n + 1
	case "<=":
		g.most = n
	case "<":
		g.most = n - 1
	default:
		return fmt.Errorf("compares with %q: use = < <= > >=", rest[0])
	}
	return nil
}

// contradiction names two guards that cannot hold together, or one that cannot hold alone, empty when there are none.
// Guards on different facts are never compared: they are independent of each other in principle.
func contradiction(guards []Guard) string {
	for i, a := range guards {
		if a.kind != text && (a.most < 0 || a.least > a.most) {
			return fmt.Sprintf("%q can never hold: counts are not below 0", a)
		}
		for _, b := range guards[:i] {
			if a.fact != b.fact {
				continue
			}
			if a.kind == text && !wordsMeet(a, b) || a.kind != text && max(a.least, b.least) > min(a.most, b.most) {
				return fmt.Sprintf("%q and %q cannot hold together", b, a)
			}
		}
	}
	return ""
}

func wordsMeet(a, b Guard) bool {
	switch {
	case a.not && b.not:
		return true
	case a.not:
		a, b = b, a
	}
	return slices.ContainsFunc(a.words, func(w string) bool { return slices.Contains(b.words, w) != b.not })
}
