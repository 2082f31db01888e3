package class

import (
	_ "embed" // the tables
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
)

//go:embed limits.tsv
var limitsText string

//go:embed conditions.tsv
var conditionsText string

// Row is one limit of a class: for one thing that may be the matter. A class may have several, of which an officer picks
// the one that fits.
type Row struct {
	Key catalogue.Key
	// Filing says what is the matter, Closing what must be so when the case is closed: short words of our own, or those of
	// the city.
	Filing, Closing data.Title
	Limit           calendar.Limit
	// Source is where the row is from: "yc" and "jy" for the tables that come along, "city" for the city's own.
	Source string
}

// Class is a class with what is known of it here.
type Class struct {
	catalogue.Class
	// Plan is what is to be done about it (处理预案), Standard when it is done (处置标准). Both are the city's, or empty.
	Plan, Standard data.Title
	// Like is the class that a class of a city stands beside: what it does not say itself is as there.
	Like catalogue.Key
	// City tells classes that the city added.
	City bool
}

// Window says which reports may be of the same case: of the same class, so near each other, and not closed for so long.
type Window struct {
	Metres float64
	// Days is how many days after closing a case still takes reports; one that is open takes them always.
	Days int
}

// The windows of classes that say nothing else. They are ours: a part is a thing of its own place, and reports point at it
// to the accuracy of a phone; an event is wider, and reported from where somebody stood.
var (
	PartWindow  = Window{Metres: 20, Days: 7}
	EventWindow = Window{Metres: 50, Days: 7}
)

// Table is the classes of a city.
type Table struct {
	list    []Class
	at      map[catalogue.Key]int
	limits  map[catalogue.Key][]Row
	windows map[catalogue.Key]Window
	maps    map[catalogue.Key][]catalogue.Key
	names   map[catalogue.Key][]catalogue.Key // by edition, kind and name in the place of the code
	current string
}

// base is the classes of the standards and the limits that come along.
var base = sync.OnceValue(func() *Table {
	rows, err := readBase(limitsText, conditionsText)
	if err != nil {
		panic(err) // embedded, and read by a test
	}
	t := &Table{
		at: map[catalogue.Key]int{}, limits: map[catalogue.Key][]Row{}, windows: map[catalogue.Key]Window{},
		maps: map[catalogue.Key][]catalogue.Key{}, names: map[catalogue.Key][]catalogue.Key{}, current: catalogue.Edition2026,
	}
	for _, c := range catalogue.All() {
		t.add(Class{Class: c})
	}
	for _, row := range rows {
		t.limits[row.Key] = append(t.limits[row.Key], row)
	}
	return t
})

func (t *Table) add(c Class) {
	t.at[c.Key] = len(t.list)
	t.list = append(t.list, c)
	if c.Name != "" {
		name := catalogue.Key{Edition: c.Edition, Kind: c.Kind, Code: c.Name}
		t.names[name] = append(t.names[name], c.Key)
	}
}

// readBase reads the embedded tables.
func readBase(limits, conditions string) ([]Row, error) {
	words := map[string]data.Title{}
	err := catalogue.EachRow("conditions.tsv", conditions, 4, func(f []string) error {
		words[f[0]+" "+f[1]] = data.Title{"zh": f[2], "en": f[3]}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var rows []Row
	return rows, catalogue.EachRow("limits.tsv", limits, 7, func(f []string) error {
		key := catalogue.Key{Edition: f[0], Kind: catalogue.Kind(f[1]), Code: f[2]}
		if _, ok := catalogue.Find(key); !ok {
			return fmt.Errorf("there is no class %s", key)
		}
		filing, ok := words["filing "+f[3]]
		if !ok {
			return fmt.Errorf("there is no condition %q", f[3])
		}
		limit, err := calendar.ParseLimit(f[4])
		if err != nil {
			return err
		}
		var zh, en []string
		for id := range strings.FieldsSeq(f[5]) {
			word, ok := words["closing "+id]
			if !ok {
				return fmt.Errorf("nothing closes as %q", id)
			}
			zh, en = append(zh, word["zh"]), append(en, word["en"])
		}
		closing := data.Title{"zh": strings.Join(zh, "；"), "en": strings.Join(en, "; ")}
		rows = append(rows, Row{Key: key, Filing: filing, Closing: closing, Limit: limit, Source: f[6]})
		return nil
	})
}

// Default is the table of a city that says nothing of its own.
func Default() *Table { return base() }

// Edition is the edition that new cases are classed by.
func (t *Table) Edition() string { return t.current }

// Class is a class by its key, if there is one. Classes whose names are unknown are among them; see their marks.
func (t *Table) Class(key catalogue.Key) (Class, bool) {
	i, ok := t.at[key]
	if !ok {
		return Class{}, false
	}
	return t.list[i], true
}

// Classes are the classes of an edition that have a name: parts before events, by code, those of the city at the end.
func (t *Table) Classes(edition string) []Class {
	var list []Class
	for _, c := range t.list {
		if c.Edition == edition && c.Mark != catalogue.Unknown {
			list = append(list, c)
		}
	}
	return list
}

// Limits are the rows of a class that an officer picks from, in the order of the table. A class without rows of its own has
// those of the class that it is like, or of the one that means the same in an older edition; each row says whose it is by
// its Key. There may be none: then whoever files the case says the limit.
func (t *Table) Limits(key catalogue.Key) []Row {
	for range 3 { // a class of a city, the one that it is like, that in an older edition
		if rows := t.limits[key]; len(rows) > 0 {
			return slices.Clone(rows)
		}
		c, ok := t.Class(key)
		if !ok {
			return nil
		}
		if c.Like != (catalogue.Key{}) {
			key = c.Like
			continue
		}
		older, ok := t.older(key)
		if !ok {
			return nil
		}
		key = older
	}
	return nil
}

// older is the class that means the same in an older edition and has limits.
func (t *Table) older(key catalogue.Key) (catalogue.Key, bool) {
	for _, edition := range []string{catalogue.Edition2013, catalogue.Edition2007} {
		if same := t.Map(key, edition); len(same) > 0 && edition != key.Edition && len(t.limits[same[0].Key]) > 0 {
			return same[0].Key, true
		}
	}
	return catalogue.Key{}, false
}

// Window says which reports may be of the same case as one of a class.
func (t *Table) Window(key catalogue.Key) Window {
	if w, ok := t.windows[key]; ok {
		return w
	}
	if c, ok := t.Class(key); ok && c.Like != (catalogue.Key{}) {
		return t.Window(c.Like)
	}
	if key.Kind == catalogue.Part {
		return PartWindow
	}
	return EventWindow
}

// Same is a class of another edition, and why it is taken to mean the same.
type Same struct {
	Key catalogue.Key
	// How is "city" for a mapping that the city wrote, "name" for the same name, "number" for the number that the edition of
	// 2026 kept from 2013, "part" for an event of 2026 that is named after a part.
	How string
}

// Map are the classes of another edition that mean the same: what the city says, else what has the same name, else what has
// the same number. There may be none: editions drop, split and join classes.
func (t *Table) Map(key catalogue.Key, edition string) []Same {
	c, ok := t.Class(key)
	if !ok || c.Mark == catalogue.Unknown {
		return nil
	}
	var list []Same
	for _, to := range t.maps[key] {
		if to.Edition == edition {
			list = append(list, Same{Key: to, How: "city"})
		}
	}
	if len(list) > 0 {
		return list
	}
	if key.Edition == edition {
		return []Same{{Key: key, How: "name"}}
	}
	for _, to := range t.names[catalogue.Key{Edition: edition, Kind: key.Kind, Code: c.Name}] {
		list = append(list, Same{Key: to, How: "name"})
	}
	if len(list) > 0 {
		return list
	}
	if to, ok := t.byNumber(key, edition); ok {
		return []Same{{Key: to, How: "number"}}
	}
	if key.Edition == catalogue.Edition2026 && key.Kind == catalogue.Event {
		part := catalogue.Key{Edition: key.Edition, Kind: catalogue.Part, Code: key.Code}
		if of, ok := t.Class(part); ok && strings.TrimSuffix(c.Name, "异常") == of.Name {
			list = t.Map(part, edition)
			for i := range list {
				list[i].How = "part"
			}
		}
	}
	return list
}

// byNumber is the part with the same number in the editions of 2013 and 2026: 0137 and 01037.
func (t *Table) byNumber(key catalogue.Key, edition string) (catalogue.Key, bool) {
	if key.Kind != catalogue.Part {
		return catalogue.Key{}, false
	}
	to := catalogue.Key{Edition: edition, Kind: catalogue.Part}
	switch {
	case key.Edition == catalogue.Edition2013 && edition == catalogue.Edition2026:
		to.Code = key.Code[:2] + "0" + key.Code[2:]
	case key.Edition == catalogue.Edition2026 && edition == catalogue.Edition2013 && key.Code[2] == '0':
		to.Code = key.Code[:2] + key.Code[3:]
	default:
		return to, false
	}
	c, ok := t.Class(to)
	return to, ok && c.Mark != catalogue.Unknown
}

// Count is how many classes of an edition and a kind are known in one way, and how many of these have limits.
type Count struct {
	Edition string
	Kind    catalogue.Kind
	Mark    catalogue.Mark
	Classes int
	// Limited have rows, their own or those of an older edition.
	Limited int
}

// Report counts the classes by how they are known, in the order of the table: what may be shown as the standard's, what is
// only inferred, and of what nothing but a number is known.
func (t *Table) Report() []Count {
	var list []Count
	for _, c := range t.list {
		i := slices.IndexFunc(list, func(n Count) bool { return n.Edition == c.Edition && n.Kind == c.Kind && n.Mark == c.Mark })
		if i < 0 {
			i = len(list)
			list = append(list, Count{Edition: c.Edition, Kind: c.Kind, Mark: c.Mark})
		}
		list[i].Classes++
		if len(t.Limits(c.Key)) > 0 {
			list[i].Limited++
		}
	}
	return list
}
