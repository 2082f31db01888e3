package class

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cases/calendar"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/internal/tomltext"
)

// City is what a city says of its classes, in TOML; docs/manual/calendar.md shows one. Classes are named by edition, kind
// and code: "GBT30428.2-2013 part 0101".
type City struct {
	// Edition is the edition that new cases are classed by.
	Edition string `json:"edition" toml:"edition"`
	// Local is the key of the edition of classes that the city adds, "local:" and its name; Title says whose they are.
	Local   string     `json:"local,omitempty" toml:"local"`
	Title   data.Title `json:"title,omitempty" toml:"title"`
	Classes []Addition `json:"class,omitempty" toml:"class"`
	Limits  []Limited  `json:"limit,omitempty" toml:"limit"`
	Texts   []Text     `json:"text,omitempty" toml:"text"`
	Windows []Near     `json:"same,omitempty" toml:"same"`
	Maps    []Mapping  `json:"map,omitempty" toml:"map"`
}

// Addition is a class that the city adds to its own edition.
type Addition struct {
	Kind  catalogue.Kind `json:"kind" toml:"kind"`
	Code  string         `json:"code" toml:"code"`
	Major string         `json:"major" toml:"major"`
	Name  string         `json:"name" toml:"name"`
	// Like is a class whose limits and window it has where it has none of its own.
	Like string `json:"like,omitempty" toml:"like"`
}

// Limited is a row of limits. The rows of a class that the city has take the place of those that come along.
type Limited struct {
	Class   string         `json:"class" toml:"class"`
	Filing  data.Title     `json:"filing" toml:"filing"`
	Closing data.Title     `json:"closing,omitempty" toml:"closing"`
	Limit   calendar.Limit `json:"limit" toml:"limit"`
}

// Text is what is to be done about a class, and when it is done.
type Text struct {
	Class    string     `json:"class" toml:"class"`
	Plan     data.Title `json:"plan,omitempty" toml:"plan"`
	Standard data.Title `json:"standard,omitempty" toml:"standard"`
}

// Near is the window of a class.
type Near struct {
	Class  string  `json:"class" toml:"class"`
	Metres float64 `json:"metres" toml:"metres"`
	Days   int     `json:"days" toml:"days"`
}

// Mapping says that two classes mean the same, both ways.
type Mapping struct {
	From string `json:"from" toml:"from"`
	To   string `json:"to" toml:"to"`
}

// Bounds of what a city says.
const (
	maxMetres = 5000
	maxDays   = 3650
	maxRows   = 20000
)

// ParseCity reads what a city says, in TOML. [New] checks it.
func ParseCity(text string) (*City, error) {
	c := &City{}
	if err := tomltext.Decode(text, c); err != nil {
		return nil, err
	}
	return c, nil
}

func bad(field, value, why string) error {
	return &data.FieldError{Field: field, Value: value, Why: why}
}

// ParseKey reads the name of a class: edition, kind and code with spaces between.
func ParseKey(field, text string) (catalogue.Key, error) {
	part := strings.Fields(text)
	if len(part) != 3 || part[1] != string(catalogue.Part) && part[1] != string(catalogue.Event) {
		return catalogue.Key{}, bad(field, text, `must be edition, kind and code, as "GBT30428.2-2013 part 0101"`)
	}
	return catalogue.Key{Edition: part[0], Kind: catalogue.Kind(part[1]), Code: part[2]}, nil
}

// New is the table of a city, with rows of limits from elsewhere ([ReadLimits]) beside those of the city itself. The error
// is the first fault, as a *data.FieldError that says which member is wrong.
func New(city *City, rows ...Row) (*Table, error) {
	b := base()
	t := &Table{
		list: slices.Clone(b.list), at: maps.Clone(b.at), limits: maps.Clone(b.limits), windows: map[catalogue.Key]Window{},
		maps: map[catalogue.Key][]catalogue.Key{}, names: map[catalogue.Key][]catalogue.Key{}, current: b.current,
	}
	for key, list := range b.names {
		t.names[key] = slices.Clone(list)
	}
	for _, step := range []func(*City) error{t.addClasses, t.addTexts, t.addWindows, t.addMaps} {
		if err := step(city); err != nil {
			return nil, err
		}
	}
	return t, t.addLimits(city, rows)
}

func (t *Table) addClasses(city *City) error {
	if city.Local != "" && (!strings.HasPrefix(city.Local, "local:") || len(strings.Fields(city.Local)) != 1) {
		return bad("local", city.Local, `must be "local:" and a name`)
	}
	if len(city.Classes) > 0 && city.Local == "" {
		return bad("local", "", "is missing: classes that the city adds are named by it")
	}
	for i, a := range city.Classes {
		field := fmt.Sprintf("class[%d]", i)
		key := catalogue.Key{Edition: city.Local, Kind: a.Kind, Code: a.Code}
		_, twice := t.at[key]
		switch {
		case a.Kind != catalogue.Part && a.Kind != catalogue.Event:
			return bad(field+".kind", string(a.Kind), "must be part or event")
		case len(a.Code) < 4 || len(a.Code) > 12 || strings.Trim(a.Code, "0123456789") != "":
			return bad(field+".code", a.Code, "must be 4 to 12 digits")
		case a.Name == "":
			return bad(field+".name", "", "is missing")
		case twice:
			return bad(field+".code", a.Code, "is there twice")
		}
		c := Class{Class: catalogue.Class{Key: key, Major: a.Major, Name: a.Name, Mark: catalogue.Seen, Source: "city"}, City: true}
		if a.Like != "" {
			like, err := t.known(field+".like", a.Like)
			if err != nil {
				return err
			}
			c.Like = like
		}
		t.add(c)
	}
	switch {
	case city.Edition == "":
	case len(t.Classes(city.Edition)) == 0:
		return bad("edition", city.Edition, "has no classes")
	default:
		t.current = city.Edition
	}
	return nil
}

// known is a class of the table by its name.
func (t *Table) known(field, text string) (catalogue.Key, error) {
	key, err := ParseKey(field, text)
	if err != nil {
		return key, err
	}
	if _, ok := t.at[key]; !ok {
		return key, bad(field, text, "is no class")
	}
	return key, nil
}

func (t *Table) addTexts(city *City) error {
	for i, text := range city.Texts {
		key, err := t.known(fmt.Sprintf("text[%d].class", i), text.Class)
		if err != nil {
			return err
		}
		c := &t.list[t.at[key]]
		c.Plan, c.Standard = text.Plan, text.Standard
	}
	return nil
}

func (t *Table) addWindows(city *City) error {
	for i, w := range city.Windows {
		field := fmt.Sprintf("same[%d]", i)
		key, err := t.known(field+".class", w.Class)
		if err != nil {
			return err
		}
		switch {
		case !(w.Metres >= 0 && w.Metres <= maxMetres):
			return bad(field+".metres", fmt.Sprint(w.Metres), fmt.Sprintf("must be 0 to %d", maxMetres))
		case w.Days < 0 || w.Days > maxDays:
			return bad(field+".days", strconv.Itoa(w.Days), fmt.Sprintf("must be 0 to %d", maxDays))
		}
		t.windows[key] = Window{Metres: w.Metres, Days: w.Days}
	}
	return nil
}

func (t *Table) addMaps(city *City) error {
	for i, m := range city.Maps {
		from, err := t.known(fmt.Sprintf("map[%d].from", i), m.From)
		if err != nil {
			return err
		}
		to, err := t.known(fmt.Sprintf("map[%d].to", i), m.To)
		if err != nil {
			return err
		}
		if from.Edition == to.Edition {
			return bad(fmt.Sprintf("map[%d].to", i), m.To, "is of the same edition as from")
		}
		t.maps[from], t.maps[to] = append(t.maps[from], to), append(t.maps[to], from)
	}
	return nil
}

func (t *Table) addLimits(city *City, rows []Row) error {
	if n := len(city.Limits) + len(rows); n > maxRows {
		return bad("limit", strconv.Itoa(n), fmt.Sprintf("there may be %d rows", maxRows))
	}
	own := map[catalogue.Key][]Row{}
	for i, l := range city.Limits {
		field := fmt.Sprintf("limit[%d]", i)
		key, err := t.known(field+".class", l.Class)
		if err != nil {
			return err
		}
		if l.Limit.IsZero() {
			return bad(field+".limit", "", `is missing, as "2 work_day"`)
		}
		own[key] = append(own[key], Row{Key: key, Filing: l.Filing, Closing: l.Closing, Limit: l.Limit, Source: "city"})
	}
	for _, row := range rows {
		if _, ok := t.at[row.Key]; !ok {
			return bad("limit.class", row.Key.String(), "is no class")
		}
		own[row.Key] = append(own[row.Key], row)
	}
	maps.Copy(t.limits, own)
	return nil
}
