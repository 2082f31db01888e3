// Package catalogue is the classes of parts and events of the standards of city management, edition by edition: which codes
// there are, what they are called, and how that is known. Codes and names are facts of the tables that classes.tsv names.
//
// No full text of a standard was at hand, so each class says how it is known. What is only inferred may be wrong; of what is
// unknown nothing but the code is here.
package catalogue

import (
	_ "embed" // the table
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/data/title"
)

// Editions of the standards, by the keys that classes are named with.
const (
	Edition2026 = "GBT47678.5-2026"
	Edition2013 = "GBT30428.2-2013"
	Edition2007 = "CJT214-2007"
)

// Edition is a standard that has classes, or a city that adds some.
type Edition struct {
	// Key names it in codes and files: GBT47678.5-2026, or local: and a city.
	Key string
	// Standard is its number as it is written, empty for cities.
	Standard string
	Title    title.Title
	// Since is the year from which it is in force.
	Since int
	// Digits is how long its codes are.
	Digits int
}

// editions stand from the newest to the oldest, local ones last.
var editions = []Edition{
	{Edition2026, "GB/T 47678.5-2026", title.Title{"zh": "城市运行管理服务平台 管理部件和事项", "en": "Parts and matters, 2026"}, 2026, 5},
	{Edition2013, "GB/T 30428.2-2013", title.Title{"zh": "数字化城市管理信息系统 管理部件和事件", "en": "Parts and events, 2013"}, 2013, 4},
	{Edition2007, "CJ/T 214-2007", title.Title{"zh": "城市市政综合监管信息系统 管理部件和事件", "en": "Parts and events, 2007"}, 2007, 4},
	{"local:yuncheng", "", title.Title{"zh": "运城市扩展类别（2013年版之上）", "en": "Classes that Yuncheng adds to 2013"}, 0, 4},
}

// Editions are all editions, the newest first, those of cities last.
func Editions() []Edition { return slices.Clone(editions) }

// Kind tells parts from events: in the edition of 2026 both have the same codes.
type Kind string

// The kinds of classes: 部件, and 事件 or 事项.
const (
	Part  Kind = "part"
	Event Kind = "event"
)

// Mark is how a class is known.
type Mark string

// The marks. Nothing that is unknown is shown as the standard's.
const (
	Seen     Mark = "seen"
	Inferred Mark = "inferred"
	Unknown  Mark = "unknown"
)

// Key names a class. A bare code means different things in different editions.
type Key struct {
	Edition string
	Kind    Kind
	Code    string
}

// String is edition, kind and code with spaces between, as ParseKey reads it.
func (k Key) String() string { return k.Edition + " " + string(k.Kind) + " " + k.Code }

// Class is one class of an edition.
type Class struct {
	Key
	// Major is the name of the major class, Name that of the class; Name is empty where Mark is Unknown.
	Major, Name string
	Mark        Mark
	// Source is the short name of where it was found; the head of classes.tsv says which that is.
	Source string
}

//go:embed classes.tsv
var classesText string

type table struct {
	list []Class
	at   map[Key]int
}

// all is read at the first use. The file is part of the program: what is wrong in it, the tests say.
var all = sync.OnceValue(func() *table {
	t, err := read(classesText)
	if err != nil {
		panic(err)
	}
	return t
})

func read(text string) (*table, error) {
	t := &table{at: map[Key]int{}}
	return t, EachRow("classes.tsv", text, 7, func(field []string) error {
		return t.add(Class{Key: Key{field[0], Kind(field[1]), field[2]}, Major: field[3], Name: field[4], Mark: Mark(field[5]), Source: field[6]})
	})
}

func (t *table) add(c Class) error {
	i := slices.IndexFunc(editions, func(e Edition) bool { return e.Key == c.Edition })
	switch _, twice := t.at[c.Key]; {
	case i < 0:
		return fmt.Errorf("there is no edition %q", c.Edition)
	case c.Kind != Part && c.Kind != Event:
		return fmt.Errorf("the kind %q is neither part nor event", c.Kind)
	case len(c.Code) != editions[i].Digits || strings.Trim(c.Code, "0123456789") != "":
		return fmt.Errorf("the code %q is not of %d digits", c.Code, editions[i].Digits)
	case twice:
		return fmt.Errorf("the class %s is there twice", c.Key)
	case c.Mark != Seen && c.Mark != Inferred && c.Mark != Unknown:
		return fmt.Errorf("the mark %q is none of seen, inferred, unknown", c.Mark)
	case (c.Name == "") != (c.Mark == Unknown):
		return fmt.Errorf("the class %s has the name %q and the mark %s", c.Key, c.Name, c.Mark)
	}
	t.at[c.Key] = len(t.list)
	t.list = append(t.list, c)
	return nil
}

// All are all classes: by edition as Editions has them, parts before events, by code. Those that are unknown are among them.
func All() []Class { return slices.Clone(all().list) }

// Find is a class, if there is one.
func Find(key Key) (Class, bool) {
	t := all()
	i, ok := t.at[key]
	if !ok {
		return Class{}, false
	}
	return t.list[i], true
}

// Name is what a class is called, and empty where there is none or its name is not known.
func Name(key Key) string {
	c, _ := Find(key)
	return c.Name
}

// Standard is the edition with a number as it is written, as GB/T 47678.5-2026.
func Standard(number string) (Edition, bool) {
	i := slices.IndexFunc(editions, func(e Edition) bool { return e.Standard == number && number != "" })
	if i < 0 {
		return Edition{}, false
	}
	return editions[i], true
}
