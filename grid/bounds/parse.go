package bounds

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Bounds of a text that is read.
const (
	// MaxText is the longest text in bytes.
	MaxText = 2000
	// MaxNames is how many names a side may have.
	MaxNames = 8
)

// TextError says what is wrong with a text, and where.
type TextError struct {
	Text string
	// At is a position in bytes.
	At   int
	What string
}

// Error quotes the text from the place on.
func (e *TextError) Error() string {
	rest := []rune(e.Text[min(e.At, len(e.Text)):])
	if len(rest) == 0 {
		return e.What
	}
	more := ""
	if len(rest) > 20 {
		rest, more = rest[:20], "…"
	}
	return fmt.Sprintf("%s, at “%s%s”", e.What, string(rest), more)
}

// quarters are words for sides.
var quarters = map[string]Side{
	"东": East, "東": East, "南": South, "西": West, "北": North, "e": East, "s": South, "w": West, "n": North,
	"east": East, "south": South, "west": West, "north": North,
}

// What marks a side. A Chinese mark in the middle of a stretch counts only behind the end of a name: 北起甲路南至乙路, but 西至老北临路.
var (
	chineseMark = regexp.MustCompile(`([东東南西北])(?:面|侧|側|边|邊|方向?|部|头|頭)?(?:起自|起于|起於|起|止于|止|至于|至|到|临近|临|臨|抵|靠近|靠|接|邻接|邻|鄰|毗邻|连|連|与|與|以|为|為|是|：|:)`)
	chineseEnd  = regexp.MustCompile(`[路街道巷同弄里衖河渠江湖海溪沟塘港山桥橋墙牆线線园園区區村段环環场場院社厦廈站城门門界岸堤坊号號]$`)
	chineseSide = regexp.MustCompile(`^(.+?)以([东東南西北])(?:侧|面|边)?(?:的?(?:地区|区域|地段|范围|围合))?$`)
	chineseTail = regexp.MustCompile(`(?:为界|為界|为限|為限|为止|為止|为邻|為鄰|相邻|相接|一线|一線)$`)
	englishMark = regexp.MustCompile(`(?i)^(?:and |but )?(?:bounded |bordered )?(?:(?:from|to|on|in|at) )?(?:the |its )?(?:(east|south|west|north)(?:ern|ward)?(?: side| boundary| border| end| edge| limit)?(?:\s*[:=–—-]\s*|\s+(?:to|by|at|along|with|is|are|follows|runs along|bounded by)\s+)|([eswn])\s*[:=]\s*)`)
	englishSide = regexp.MustCompile(`(?i)\s+(?:in|on|to|at) (?:the|its) (east|south|west|north)(?:ern)?(?: side| boundary| border| end| edge| limit)?(?:$|\s+)`)
	englishHead = regexp.MustCompile(`(?i)^(?:(?:and|from|to|by|between|bounded|bordered) )+`)
	opener      = regexp.MustCompile(`(?i)^(?:四至(?:范围|界线)?(?:为|是|：|:)?|(?:the )?(?:area|ground|cell|grid)?\s*(?:is )?(?:bounded|enclosed) by\s*:?)\s*`)
)

// Parse reads which names bound ground on which sides. At least three sides are named. The error is a [*TextError].
func Parse(text string) (Sides, error) {
	s, err := read(text)
	if err != nil {
		return s, err
	}
	named := 0
	for _, names := range s {
		if len(names) > 0 {
			named++
		}
	}
	switch {
	case named == 0:
		return s, &TextError{Text: text, What: "no side is named; write 东起…，西至…，北起…，南至…, or east: …; south: …; west: …; north: …"}
	case named < 3:
		var missing []string
		for side, names := range s {
			if len(names) == 0 {
				missing = append(missing, Side(side).String())
			}
		}
		return s, &TextError{Text: text, At: len(text), What: "nothing is said of the " + strings.Join(missing, " and the ")}
	}
	return s, nil
}

// reader gathers names.
type reader struct {
	text    string
	sides   Sides
	current Side
	// open tells that names belong to the current side, which a mark before them said.
	open bool
	// bare tells that nothing stands between that mark and what comes: a name may begin like a mark.
	bare    bool
	pending []token
}

func read(text string) (Sides, error) {
	r := &reader{text: text}
	if len(text) > MaxText {
		return r.sides, &TextError{Text: text, At: MaxText, What: fmt.Sprintf("a text has at most %d bytes", MaxText)}
	}
	if !utf8.ValidString(text) {
		return r.sides, &TextError{What: "the text is not UTF-8"}
	}
	all, err := tokens(text)
	if err != nil {
		return r.sides, err
	}
	for i, t := range all {
		if i == 0 && !t.quoted {
			cut := len(opener.FindString(t.text))
			t.text, t.from = t.text[cut:], t.from+cut
		}
		if err := r.stretch(t); err != nil {
			return r.sides, err
		}
	}
	if len(r.pending) == 0 {
		return r.sides, r.left()
	}
	if !r.open {
		return r.sides, &TextError{Text: text, At: r.pending[0].from, What: "it is not said on which side this lies"}
	}
	return r.sides, r.close()
}

// stretch reads what stands between two separators.
func (r *reader) stretch(t token) error {
	if t.quoted {
		r.pending = append(r.pending, t)
		return nil
	}
	if m := chineseSide.FindStringSubmatch(t.text); m != nil {
		side := quarters[m[2]].opposite()
		if r.hold(token{text: m[1], from: t.from}); len(r.pending) == 0 {
			return &TextError{Text: r.text, At: t.from, What: "nothing is named on the " + side.String()}
		}
		return r.give(side)
	}
	defer func() { r.bare = false }()
	for t.text != "" {
		if m := englishMark.FindStringSubmatchIndex(t.text); m != nil {
			if err := r.begin(t, m); err != nil {
				return err
			}
			t.text, t.from = t.text[m[1]:], t.from+m[1]
			continue
		}
		if m := chineseMark.FindStringSubmatchIndex(t.text); m != nil && m[0] == 0 && !r.bare {
			if err := r.begin(t, m); err != nil {
				return err
			}
			t.text, t.from = t.text[m[1]:], t.from+m[1]
			continue
		}
		r.bare = false
		name, rest := r.name(t)
		if m := englishSide.FindStringSubmatchIndex(name); m != nil {
			side := quarters[strings.ToLower(name[m[2]:m[3]])]
			r.hold(token{text: name[:m[0]], from: t.from})
			if len(r.pending) == 0 {
				return &TextError{Text: r.text, At: t.from, What: "nothing is named on the " + side.String()}
			}
			if err := r.give(side); err != nil {
				return err
			}
			t.text, t.from = t.text[m[1]:], t.from+m[1]
			continue
		}
		r.hold(token{text: name, from: t.from})
		t.text, t.from = rest, t.from+len(name)
	}
	return nil
}

// name is the stretch up to the next Chinese mark that stands behind the end of a name.
func (r *reader) name(t token) (name, rest string) {
	for _, m := range chineseMark.FindAllStringIndex(t.text, -1) {
		if m[0] > 0 && chineseEnd.MatchString(strings.TrimSpace(t.text[:m[0]])) && m[1] < len(t.text) {
			return t.text[:m[0]], t.text[m[0]:]
		}
	}
	return t.text, ""
}

// hold keeps a name until its side is known.
func (r *reader) hold(t token) {
	cut := len(englishHead.FindString(t.text))
	t.text, t.from = t.text[cut:], t.from+cut
	t.text = strings.TrimSpace(chineseTail.ReplaceAllString(strings.TrimSpace(t.text), ""))
	if t.text != "" {
		r.pending = append(r.pending, t)
	}
}

// begin opens the side that a mark names.
func (r *reader) begin(t token, m []int) error {
	if len(r.pending) > 0 && !r.open {
		return &TextError{Text: r.text, At: r.pending[0].from, What: "it is not said on which side this lies"}
	}
	if err := r.close(); err != nil {
		return err
	}
	word := ""
	for k := 2; k+1 < len(m) && word == ""; k += 2 {
		if m[k] >= 0 {
			word = strings.ToLower(t.text[m[k]:m[k+1]])
		}
	}
	side := quarters[word]
	if len(r.sides[side]) > 0 {
		return &TextError{Text: r.text, At: t.from, What: "the " + side.String() + " is named twice"}
	}
	r.current, r.open, r.bare = side, true, true
	return nil
}

// left is the fault of a side that was opened and got no name.
func (r *reader) left() error {
	if r.open && len(r.sides[r.current]) == 0 {
		return &TextError{Text: r.text, At: len(r.text), What: "nothing is named on the " + r.current.String()}
	}
	return nil
}

// close gives the names that wait to the open side.
func (r *reader) close() error {
	if !r.open {
		return nil
	}
	if len(r.pending) == 0 {
		return r.left()
	}
	return r.give(r.current)
}

// give gives the names that wait to a side that a word behind them said.
func (r *reader) give(side Side) error {
	if r.open && side != r.current {
		return &TextError{Text: r.text, At: r.pending[0].from, What: fmt.Sprintf("this is said to lie on the %s and on the %s", r.current, side)}
	}
	r.open = false
	if len(r.sides[side]) > 0 {
		return &TextError{Text: r.text, At: r.pending[0].from, What: "the " + side.String() + " is named twice"}
	}
	if len(r.pending) > MaxNames {
		return &TextError{Text: r.text, At: r.pending[0].from, What: fmt.Sprintf("the %s has more than %d names", side, MaxNames)}
	}
	for _, t := range r.pending {
		r.sides[side] = append(r.sides[side], t.text)
	}
	r.pending = r.pending[:0]
	return nil
}
