package classes

import (
	_ "embed" // the tables
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
)

//go:embed classes.tsv
var classesText string

//go:embed matters.tsv
var mattersText string

//go:embed words.tsv
var wordsText string

// mention is the highest score of a list that only names a thing.
const mention = 50

// list numbers the lists of words.
type list int

// table is what the files say.
type table struct {
	editions []string // the newest first, local ones last
	matters  []matter
	words    *names.Set
	lists    [][]list // of each word
	count    int      // of lists
	things   []bool   // of each list: naming one of it says little
	// Lists with a meaning of their own.
	not, lack, courtesy, beside, aside, missing list
}

// matter is what reports are about.
type matter struct {
	title    Title
	evidence []evidence
	classes  []class
	part     bool // it has a class of parts
}

// evidence are words that say a matter together: one of each of its parts.
type evidence struct {
	score int
	parts [][]list
}

// mentions reports whether the evidence is no more than the name of a thing.
func (e *evidence) mentions() bool { return len(e.parts) == 1 && e.score <= mention }

// class is a row of the table of classes.
type class struct {
	edition, row int
	kind         Kind
	code, name   string
	// both tells that its matter has parts and events in its edition.
	both bool
}

// tables is read at the first use. The files are part of the program: what is wrong in them, the tests say.
var tables = sync.OnceValue(func() *table {
	t, err := read(classesText, mattersText, wordsText, catalogue.Name)
	if err != nil {
		panic(err)
	}
	return t
})

// read makes a table of the texts of its files, and of the names of classes.
func read(classesText, mattersText, wordsText string, name func(catalogue.Key) string) (*table, error) {
	t := &table{}
	ids, err := t.readWords(wordsText)
	if err != nil {
		return nil, err
	}
	for name, at := range map[string]*list{
		"not": &t.not, "lack": &t.lack, "courtesy": &t.courtesy, "beside": &t.beside, "aside": &t.aside, "missing": &t.missing,
	} {
		id, ok := ids[name]
		if !ok {
			return nil, fmt.Errorf("words.tsv: there is no list %q", name)
		}
		*at = id
	}
	matters, err := t.readMatters(mattersText, ids)
	if err != nil {
		return nil, err
	}
	return t, t.readClasses(classesText, matters, name)
}

func (t *table) readWords(text string) (map[string]list, error) {
	ids := map[string]list{}
	var lists [][]string
	err := catalogue.EachRow("words.tsv", text, 2, func(field []string) error {
		if _, twice := ids[field[0]]; twice {
			return fmt.Errorf("the list %q is there twice", field[0])
		}
		ids[field[0]] = list(len(lists))
		lists = append(lists, strings.Split(field[1], "|"))
		return nil
	})
	if err != nil {
		return nil, err
	}
	of := map[string][]list{}
	var words []string
	var add func(to, from list, depth int) error
	add = func(to, from list, depth int) error {
		for _, word := range lists[from] {
			if other, ok := strings.CutPrefix(word, "@"); ok {
				id, known := ids[other]
				if !known || depth == 0 {
					return fmt.Errorf("words.tsv: there is no list %q to take in, or it takes itself in", other)
				}
				if err := add(to, id, depth-1); err != nil {
					return err
				}
				continue
			}
			plain := normal.Of(word).String()
			if plain == "" {
				return fmt.Errorf("words.tsv: %q is no word", word)
			}
			if of[plain] == nil {
				words = append(words, plain)
			}
			if !slices.Contains(of[plain], to) {
				of[plain] = append(of[plain], to)
			}
		}
		return nil
	}
	for id := range lists {
		if err := add(list(id), list(id), 3); err != nil {
			return nil, err
		}
	}
	t.words, t.count, t.things = names.Exact(words), len(lists), make([]bool, len(lists))
	for _, word := range words {
		t.lists = append(t.lists, of[word])
	}
	return ids, nil
}

func (t *table) readMatters(text string, ids map[string]list) (map[string]int, error) {
	at := map[string]int{}
	err := catalogue.EachRow("matters.tsv", text, 4, func(field []string) error {
		if _, twice := at[field[0]]; twice {
			return fmt.Errorf("the matter %q is there twice", field[0])
		}
		m := matter{title: Title{ZH: field[1], EN: field[2]}}
		for text := range strings.SplitSeq(field[3], "; ") {
			e, err := readEvidence(text, ids)
			if err != nil {
				return err
			}
			if e.mentions() {
				for _, l := range e.parts[0] {
					t.things[l] = true
				}
			}
			m.evidence = append(m.evidence, e)
		}
		at[field[0]] = len(t.matters)
		t.matters = append(t.matters, m)
		return nil
	})
	return at, err
}

func readEvidence(text string, ids map[string]list) (evidence, error) {
	field := strings.Fields(text)
	if len(field) < 2 {
		return evidence{}, fmt.Errorf("%q is no evidence: a score and lists", text)
	}
	score, err := strconv.Atoi(field[0])
	if err != nil || score < 1 || score > 100 {
		return evidence{}, fmt.Errorf("the score %q is not one of 1 to 100", field[0])
	}
	e := evidence{score: score}
	for _, either := range field[1:] {
		var lists []list
		for name := range strings.SplitSeq(either, "|") {
			id, ok := ids[name]
			if !ok {
				return evidence{}, fmt.Errorf("there is no list %q", name)
			}
			lists = append(lists, id)
		}
		e.parts = append(e.parts, lists)
	}
	return e, nil
}

func (t *table) readClasses(text string, matters map[string]int, name func(catalogue.Key) string) error {
	row := 0
	err := catalogue.EachRow("classes.tsv", text, 4, func(field []string) error {
		i, ok := matters[field[3]]
		if !ok {
			return fmt.Errorf("there is no matter %q", field[3])
		}
		m, kind := &t.matters[i], Kind(field[1])
		if kind != Part && kind != Event {
			return fmt.Errorf("the kind %q is neither part nor event", field[1])
		}
		edition := slices.Index(t.editions, field[0])
		if edition < 0 {
			edition = len(t.editions)
			t.editions = append(t.editions, field[0])
		}
		key := catalogue.Key{Edition: field[0], Kind: catalogue.Kind(kind), Code: field[2]}
		c := class{edition: edition, row: row, kind: kind, code: field[2], name: name(key)}
		if c.name == "" {
			return fmt.Errorf("the class %s has no name in the catalogue", key)
		}
		for j := range m.classes {
			if other := &m.classes[j]; other.edition == edition && other.kind != kind {
				other.both, c.both = true, true
			}
		}
		m.part = m.part || kind == Part
		m.classes = append(m.classes, c)
		row++
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range t.matters {
		if len(m.classes) == 0 {
			return fmt.Errorf("classes.tsv: the matter %q has no class", m.title.EN)
		}
	}
	return nil
}
