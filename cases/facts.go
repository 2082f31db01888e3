package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/data"
)

// Directory is who works for the city, at the time of the question. [People] makes one of a people.Directory.
type Directory interface {
	// Path is the way from the top of the tree to an organisation, which is its last; nil when there is none, or when it
	// has ended.
	Path(organisation string) []string
	// Holds reports whether a person holds a post in an organisation; with an empty post, whether the person is there at all.
	Holds(person, post, organisation string) bool
}

// Limits say how long a stage of a case may take.
type Limits interface {
	// Limit is the limit of a clock that starts, for a case of a class that goes to a unit, as text such as "2 work_day",
	// and the name of the calendar by which it is counted. Empty ones leave what the process says.
	Limit(clock string, class Class, unit string) (limit, calendar string)
	// Overdue reports whether the clock of a case is over its limit at a time.
	Overdue(c *Case, clock string, at time.Time) bool
}

// Around is what deciding asks beside the case. Limits may be nil: then limits are those of the process and nothing is
// overdue.
type Around struct {
	Directory Directory
	Limits    Limits
	// Known is that of the desk.
	Known func(Class) bool
	// Place is the place that was looked up for the command, nil for none; Outside that it is not in the city.
	Place   *Place
	Outside *Outside
}

// within reports whether an organisation is another one or lies below it.
func (a Around) within(organisation, other string) bool {
	return organisation != "" && other != "" && (organisation == other || slices.Contains(a.Directory.Path(organisation), other))
}

func (a Around) limit(t *process.Table, c *Case, cmd *Command, clock string) (limit, calendar string) {
	if a.Limits != nil {
		class, unit := c.Class, c.Unit()
		if cmd.Form.Class != nil {
			class = *cmd.Form.Class
		}
		if cmd.Form.Unit != "" {
			unit = cmd.Form.Unit
		}
		limit, calendar = a.Limits.Limit(clock, class, unit)
	}
	for i := range t.Clocks {
		if t.Clocks[i].ID == clock && limit == "" {
			limit = t.Clocks[i].Limit
		}
	}
	return limit, calendar
}

// values sees that what is filled in exists and has the type of its field.
func (d *decision) values() *process.RefusalError {
	f := &d.cmd.Form
	wrong := func(field, value, zh, en string) *process.RefusalError {
		r := d.step.Refuse(process.FieldWrong, d.cmd.Actor.Post, data.Title{
			"zh": fmt.Sprintf("%s“%s”%s", field, clip(value), zh), "en": fmt.Sprintf("%s %q %s", field, clip(value), en),
		})
		r.Field, r.Value = field, value
		return r
	}
	if f.Point != nil && d.around.Outside != nil && !d.cmd.Anywhere {
		return d.outside(f.Point)
	}
	for _, unit := range append([]string{f.Unit}, f.Units...) {
		if unit != "" && d.around.Directory.Path(unit) == nil {
			return wrong("unit", unit, "不存在或已撤销", "does not exist, or has ended")
		}
	}
	if f.Person != "" && !d.around.Directory.Holds(f.Person, "", "") {
		return wrong("person", f.Person, "不在岗", "does not work here")
	}
	if f.Class != nil && d.around.Known != nil && !d.around.Known(*f.Class) {
		bare := *f.Class
		bare.Row = ""
		of := strings.Trim(strings.Join([]string{bare.Edition, bare.Kind, bare.Code}, " "), " ")
		if bare != *f.Class && d.around.Known(bare) {
			return wrong("class", of+" "+f.Class.Row, "的处置时限没有第 "+clip(f.Class.Row)+" 行：时限行从 1 起编号", "has no row "+clip(f.Class.Row)+" of limits: they are numbered from 1")
		}
		return wrong("class", of, "不是现有类别：请从类别表中选取（版本、部件或事件、代码）", "is no class: pick one of the table, by edition, kind (part or event) and code")
	}
	if slices.Contains(f.Units, "") {
		return wrong("units", "", "为空", "is empty")
	}
	if f.Into != "" && f.Into == d.c.ID {
		return wrong("into", f.Into, "是本案件", "is the case itself")
	}
	now := d.cmd.At.Format(time.RFC3339)
	if !f.Until.IsZero() && !f.Until.After(d.cmd.At) {
		return wrong("until", f.Until.Format(time.RFC3339), "已过去：当前时间为 "+now, "has passed: it is "+now)
	}
	if at := f.Reported; !at.IsZero() {
		switch {
		case d.c.Version > 0:
			return wrong("reported", at.Format(time.RFC3339), "只能在案件开始时填写", "is said when a case begins")
		case at.After(d.cmd.At):
			return wrong("reported", at.Format(time.RFC3339), "晚于当前时间 "+now+"：请核对时间和时区", "lies in the future: it is "+now+"; see to clock and zone")
		}
	}
	for id, value := range f.Fields {
		field, ok := d.t.Field(id)
		if _, fixed := process.FixedField(id); fixed || !ok {
			return wrong(id, value, "不是自定义字段", "is a field with a place of its own")
		}
		if !d.fits(field, value) {
			zh, en := wants(field)
			return wrong(id, value, "须为"+zh, "must be "+en)
		}
	}
	return nil
}

// outside is the refusal of a place that is not in the city. It says which area is nearest: a point beside the outline is moved,
// one far away is mistyped.
func (d *decision) outside(at *Position) *process.RefusalError {
	point := strconv.FormatFloat(at.Lon, 'f', -1, 64) + "," + strconv.FormatFloat(at.Lat, 'f', -1, 64)
	zh, en := "", ""
	if near := d.around.Outside.Near; near != nil {
		far := metres(d.around.Outside.Metres)
		zh, en = "，最近的“"+cmp.Or(near.Name, near.Code)+"”在 "+far+" 外", ", "+cmp.Or(near.Name, near.Code)+" is nearest, "+far+" away"
	}
	r := d.step.Refuse(process.Outside, d.cmd.Actor.Post, data.Title{
		"zh": fmt.Sprintf("位置“%s”不在本市任何区域内%s：请核对经度、纬度，或在地图上重新选点", point, zh),
		"en": fmt.Sprintf("point %q lies in no area of the city%s: check longitude and latitude, or choose the place on the map", point, en),
	})
	r.Field, r.Value = "point", point
	return r
}

// metres is a distance for people, to the metre below a kilometre.
func metres(m float64) string {
	if m < 999.5 {
		return strconv.Itoa(max(1, int(m+0.5))) + " m"
	}
	return strconv.FormatFloat(m/1000, 'f', 1, 64) + " km"
}

func (d *decision) fits(f *process.Field, value string) bool {
	var err error
	switch f.Type {
	case "number":
		_, err = strconv.ParseFloat(value, 64)
	case "bool":
		return value == "true" || value == "false"
	case "date":
		_, err = time.Parse(time.DateOnly, value)
	case "time":
		_, err = time.Parse(time.RFC3339, value)
	case "choice":
		return slices.ContainsFunc(f.Choices, func(n process.Name) bool { return n.ID == value })
	case "organisation":
		return d.around.Directory.Path(value) != nil
	case "person":
		return d.around.Directory.Holds(value, "", "")
	}
	return err == nil
}

// wants is what a field of a type takes.
func wants(f *process.Field) (zh, en string) {
	switch f.Type {
	case "number":
		return "数，如 12.5", "a number, such as 12.5"
	case "bool":
		return " true 或 false", "true or false"
	case "date":
		return "日期，如 2026-11-02", "a date, such as 2026-11-02"
	case "time":
		return "时间，如 2026-11-02T09:00:00+08:00", "a time, such as 2026-11-02T09:00:00+08:00"
	case "choice":
		ids := make([]string, len(f.Choices))
		for i := range f.Choices {
			ids[i] = f.Choices[i].ID
		}
		return "其一：" + strings.Join(ids, "、"), "one of " + strings.Join(ids, ", ")
	case "organisation":
		return "现有单位的编号", "the id of an organisation that has not ended"
	case "person":
		return "在岗人员的编号", "the id of somebody who works here"
	}
	return "字段类型 " + f.Type + " 的值", "a value of the type " + f.Type
}

// facts answer guards about a decision.
type facts struct{ *decision }

func truth(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Number answers counts and truths; a name that it does not know is a fault of the vocabulary, which a test compares.
func (f facts) Number(name string) int {
	n, _ := f.number(name)
	return n
}

func (f facts) number(name string) (n int, known bool) {
	c, cmd, place := f.c, f.cmd, f.place()
	section, id, dotted := strings.Cut(name, ".")
	if dotted {
		switch section {
		case "overdue":
			return truth(f.around.Limits != nil && f.around.Limits.Overdue(c, id, cmd.At)), true
		case "mark":
			return truth(c.Marks[id]), true
		case "count":
			return c.Counts[id], true
		case "granted":
			return c.Granted[id], true
		case "asked":
			return c.Asked[id], true
		}
		return 0, false
	}
	switch name {
	case "located":
		return truth(f.around.Outside == nil && (place != nil && place.Point != nil || cmd.Form.Point != nil)), true
	case "disputed":
		return truth(place != nil && len(place.Disputes) > 0), true
	case "in_unit":
		return truth(f.around.within(cmd.Actor.Organisation, c.Unit())), true
	case "in_first_unit":
		return truth(f.around.within(cmd.Actor.Organisation, c.First)), true
	case "unit_ended":
		return truth(c.Unit() != "" && f.around.Directory.Path(c.Unit()) == nil), true
	case "in_last_unit":
		return truth(f.around.within(cmd.Actor.Organisation, c.Last)), true
	case "tasked":
		return truth(c.Task != "" && c.Task == cmd.Actor.Person), true
	case "is_child":
		return truth(c.Parent != "" || cmd.Parent != "" && c.Version == 0), true
	case "unit_above":
		return truth(cmd.Form.Unit != c.Unit() && f.around.within(c.Unit(), cmd.Form.Unit)), true
	case "unit_below":
		return truth(cmd.Form.Unit != c.Unit() && f.around.within(cmd.Form.Unit, c.Unit())), true
	case "unit_own":
		return truth(f.around.within(cmd.Actor.Organisation, cmd.Form.Unit)), true
	case "photos_before":
		return c.PhotosBefore + len(cmd.Form.Before), true
	case "photos_after":
		return c.PhotosAfter + len(cmd.Form.After), true
	case "parts":
		return max(c.Parts, len(cmd.Form.Parts)), true
	case "children":
		return len(c.Children), true
	case "children_open":
		return c.openChildren(), true
	case "depth":
		return max(0, len(c.Units)-1), true
	case "days_closed":
		if c.Rested.IsZero() {
			return 0, true
		}
		return int(cmd.At.Sub(c.Rested) / (24 * time.Hour)), true
	}
	return 0, false
}

// Text answers words.
func (f facts) Text(name string) string {
	s, _ := f.text(name)
	return s
}

func (f facts) text(name string) (s string, known bool) {
	if id, ok := strings.CutPrefix(name, "field."); ok {
		return f.cmd.Form.Fields[id], true
	}
	switch name {
	case "source":
		if f.c.Version == 0 {
			return f.cmd.Form.Source, true
		}
		return f.c.Source, true
	case "class_kind":
		if f.cmd.Form.Class != nil {
			return f.cmd.Form.Class.Kind, true
		}
		return f.c.Class.Kind, true
	}
	return "", false
}

func (f facts) place() *Place {
	if f.around.Place != nil {
		return f.around.Place
	}
	return f.c.Place()
}
