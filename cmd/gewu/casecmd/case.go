package casecmd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Case are the commands about cases.
type Case struct {
	List    CaseList    `cmd:"" help:"List cases: all, or those for which somebody has something to do."`
	Show    CaseShow    `cmd:"" help:"Show a case: where it stands, its clocks, what happened, what may be done."`
	Do      CaseDo      `cmd:"" help:"Begin a case, or do something with one."`
	Import  CaseImport  `cmd:"" help:"Begin cases by the file: lines of JSON, CSV or XLSX, a row each."`
	Notices CaseNotices `cmd:"" help:"Who was told of a case, with their receipts."`
	Remind  CaseRemind  `cmd:"" help:"Remind those who were told of a case and have given no receipt."`
	Route   CaseRoute   `cmd:"" help:"Who would get a report, and why each rule before does not fit."`
	Peer    Peer        `cmd:"" help:"Other platforms with which cases are exchanged: list, set up, test, remove."`
}

// person says for whom somebody on the machine itself acts.
type person struct {
	As           string `help:"For whom you act: an id of the staff (gewu people list staff)." placeholder:"ID"`
	Post         string `help:"By which post, where the person holds several." placeholder:"POST"`
	Organisation string `help:"In which organisation, where the person holds the post in several." placeholder:"ID"`
}

func (p *person) query(q url.Values) url.Values {
	for name, v := range map[string]string{"person": p.As, "post": p.Post, "organisation": p.Organisation} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return q
}

func (p *person) body(b map[string]any) map[string]any {
	b["as"] = map[string]string{"person": p.As, "post": p.Post, "organisation": p.Organisation}
	return b
}

// shown mirrors a case as the server shows it.
type shown struct {
	ID         string
	Version    int
	State      string
	StateTitle data.Title `json:"state_title"`
	Class      struct {
		Code  string
		Title data.Title
	}
	Source, Unit, Task, Address, Description, Light string
	Opened                                          time.Time
	Due                                             time.Time
	Marks                                           []string
	Areas                                           []struct{ Level, Code, Name string }
	Duty                                            *struct {
		Rule, Organisation string
		Reason             data.Title
	}
	Clocks []struct {
		Title        data.Title
		State, Limit string
		Due          time.Time
		Light        string
	}
	Children []struct {
		Case, Unit string
		Open       bool
	}
	Offers []struct {
		Action  string
		Title   data.Title
		Allowed bool
		Refusal *struct{ Reason data.Title }
		Form    []struct {
			Name     string
			Required bool
		}
	}
}

// both is a title in Chinese and English.
func both(t data.Title) string { return strings.TrimSpace(t["zh"] + " " + t["en"]) }

// CaseList is gewu case list.
type CaseList struct {
	person
	Inbox bool     `help:"Only those for which the person of --as has something to do."`
	Open  bool     `help:"Only open cases."`
	State []string `help:"Only in these states." placeholder:"STATE,…"`
	Unit  []string `help:"Only with these organisations." placeholder:"ID,…"`
	Class string   `help:"Only of classes whose code begins so." placeholder:"CODE"`
	Area  string   `help:"Only in this area." placeholder:"LEVEL/CODE"`
	Order string   `help:"opened, updated or due." enum:"opened,updated,due" default:"opened"`
	Limit int      `help:"At most so many." default:"100"`
	JSON  bool     `help:"Print the cases as JSON, one a line." name:"json"`
}

// Run prints a table.
func (c *CaseList) Run(e *Env) error {
	query := c.query(url.Values{"order": {c.Order}, "limit": {strconv.Itoa(c.Limit)}})
	for name, v := range map[string]string{"state": strings.Join(c.State, ","), "unit": strings.Join(c.Unit, ","), "class": c.Class, "area": c.Area} {
		if v != "" {
			query.Set(name, v)
		}
	}
	for name, is := range map[string]bool{"inbox": c.Inbox, "open": c.Open} {
		if is {
			query.Set(name, "true")
		}
	}
	var list struct {
		Cases []json.RawMessage
		Next  string
	}
	if _, err := e.ask(http.MethodGet, "/v1/cases", query, nil, &list); err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(t, "CASE\tSTATE\tLIGHT\tDUE\tUNIT\tCLASS\tADDRESS\tOPENED")
	}
	for _, raw := range list.Cases {
		if c.JSON {
			if err := e.raw(raw); err != nil {
				return err
			}
			continue
		}
		var one shown
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.ID, both(one.StateTitle), one.Light, local(one.Due), one.Unit,
			strings.TrimSpace(one.Class.Code+" "+one.Class.Title["zh"]), one.Address, local(one.Opened))
	}
	return t.Flush()
}

// CaseShow is gewu case show.
type CaseShow struct {
	person
	Case string `arg:"" help:"Id of the case."`
	JSON bool   `help:"Print the case as JSON." name:"json"`
}

// Run prints a case.
func (c *CaseShow) Run(e *Env) error {
	path := "/v1/cases/" + url.PathEscape(c.Case)
	var one shown
	raw, err := e.ask(http.MethodGet, path, c.query(url.Values{}), nil, &one)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.raw(raw)
	}
	var list struct {
		Events []struct {
			Number int
			At     time.Time
			Action string
			Title  data.Title
			Actor  *struct{ Name, Organisation, Post string }
			To     string
			Form   *struct{ Reason, Note string }
		}
	}
	if _, err := e.ask(http.MethodGet, path+"/events", c.query(url.Values{}), nil, &list); err != nil {
		return err
	}
	e.print(&one)
	for _, ev := range list.Events {
		by, words := "", ""
		if ev.Actor != nil {
			by = strings.Join(strings.Fields(ev.Actor.Name+" "+ev.Actor.Post+" "+ev.Actor.Organisation), " ")
		}
		if ev.Form != nil {
			words = cmp.Or(ev.Form.Reason, ev.Form.Note)
		}
		fmt.Fprintf(e.Stdout, "%4d  %s  %s → %s  %s  %s\n", ev.Number, local(ev.At), cmp.Or(both(ev.Title), ev.Action), ev.To, by, words)
	}
	for _, o := range one.Offers {
		switch {
		case o.Allowed:
			var need []string
			for _, f := range o.Form {
				if f.Required {
					need = append(need, f.Name)
				}
			}
			fmt.Fprintf(e.Stdout, "may    %s  %s  %s\n", o.Action, both(o.Title), strings.Join(need, " "))
		case o.Refusal != nil:
			fmt.Fprintf(e.Stdout, "not    %s  %s  %s\n", o.Action, both(o.Title), both(o.Refusal.Reason))
		}
	}
	return nil
}

// print prints where a case stands.
func (e *Env) print(one *shown) {
	fmt.Fprintf(e.Stdout, "case %s, version %d: %s (%s)  %s\n", one.ID, one.Version, both(one.StateTitle), one.State, strings.Join(one.Marks, " "))
	for _, line := range []struct{ name, text string }{
		{"what", one.Description},
		{"class", strings.TrimSpace(one.Class.Code + " " + one.Class.Title["zh"])},
		{"from", one.Source},
		{"where", one.Address},
		{"unit", one.Unit},
		{"task", one.Task},
	} {
		if line.text != "" {
			fmt.Fprintf(e.Stdout, "%-6s %s\n", line.name, line.text)
		}
	}
	for _, a := range one.Areas {
		fmt.Fprintf(e.Stdout, "%-6s %s %s %s\n", "area", a.Level, a.Code, a.Name)
	}
	if d := one.Duty; d != nil {
		fmt.Fprintf(e.Stdout, "%-6s %s, by rule %s: %s\n", "duty", d.Organisation, d.Rule, both(d.Reason))
	}
	for _, clock := range one.Clocks {
		fmt.Fprintf(e.Stdout, "%-6s %s, %s, %s, due %s %s\n", "clock", both(clock.Title), clock.State, clock.Limit, local(clock.Due), clock.Light)
	}
	for _, child := range one.Children {
		fmt.Fprintf(e.Stdout, "%-6s %s with %s, open: %t\n", "part", child.Case, child.Unit, child.Open)
	}
}

// form is what is filled in.
type form struct {
	Set  []string `help:"A field with what is filled in: reason=…, unit=…, description=…; classes as \"class=event 0110\", points as point=LON,LAT, lists with commas." placeholder:"FIELD=VALUE" sep:"none"`
	Form string   `help:"File with the form as JSON; --set comes on top." type:"existingfile" placeholder:"FILE"`
}

// plain are the members of a form that are texts; other names are fields of the process.
var plain = []string{"source", "description", "address", "address_id", "unit", "person", "reason", "note", "into", "until"}

func (f *form) fill() (map[string]any, error) {
	out := map[string]any{}
	if f.Form != "" {
		text, err := os.ReadFile(f.Form)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &out); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Form, err)
		}
	}
	own, _ := out["fields"].(map[string]any)
	for _, set := range f.Set {
		name, value, ok := strings.Cut(set, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--set %s: must be FIELD=VALUE", set)
		}
		v, err := fieldValue(name, value)
		switch {
		case err != nil:
			return nil, fmt.Errorf("--set %s: %w", set, err)
		case v != nil:
			out[name] = v
		default:
			if own == nil {
				own = map[string]any{}
			}
			own[name] = value
		}
	}
	if own != nil {
		out["fields"] = own
	}
	return out, nil
}

// fieldValue is what a member of a form holds; nil for a field of the process.
func fieldValue(name, value string) (any, error) {
	switch name {
	case "class":
		words := strings.Fields(value)
		class := map[string]string{}
		if len(words) > 2 && words[0] != "part" && words[0] != "event" {
			class["edition"], words = words[0], words[1:]
		}
		if len(words) < 2 || len(words) > 3 {
			return nil, errors.New("must be part or event and a code, as event 0110, perhaps with the edition before and the row after")
		}
		class["kind"], class["code"] = words[0], words[1]
		if len(words) == 3 {
			class["row"] = words[2]
		}
		return class, nil
	case "point":
		lon, lat, _ := strings.Cut(value, ",")
		x, err := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		y, also := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		if errors.Join(err, also) != nil {
			return nil, errors.New("must be LON,LAT in degrees, such as 116.4,39.9")
		}
		return map[string]float64{"lon": x, "lat": y}, nil
	case "units":
		return strings.Split(value, ","), nil
	case "parts":
		var parts []map[string]string
		for one := range strings.SplitSeq(value, ",") {
			layer, id, ok := strings.Cut(one, "/")
			if !ok {
				return nil, errors.New("must be LAYER/ID")
			}
			parts = append(parts, map[string]string{"layer": layer, "id": id})
		}
		return parts, nil
	}
	if slices.Contains(plain, name) {
		return value, nil
	}
	return nil, nil //nolint:nilnil // a field of the process
}

// CaseDo is gewu case do.
type CaseDo struct {
	person
	form
	Action string `arg:"" help:"What to do; gewu case show says what may be done."`
	Case   string `arg:"" optional:"" help:"Id of the case; left out to begin one."`
	JSON   bool   `help:"Print the answer as JSON." name:"json"`
}

// Run does it and prints where the case stands then.
func (c *CaseDo) Run(e *Env) error {
	filled, err := c.fill()
	if err != nil {
		return err
	}
	path := "/v1/cases"
	if c.Case != "" {
		path += "/" + url.PathEscape(c.Case) + "/actions"
	}
	var done struct {
		Case  shown
		Event int
	}
	raw, err := e.ask(http.MethodPost, path, nil, c.body(map[string]any{"action": c.Action, "form": filled}), &done)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.raw(raw)
	}
	_, err = fmt.Fprintf(e.Stdout, "%s  %s (%s), event %d\n", done.Case.ID, both(done.Case.StateTitle), done.Case.State, done.Event)
	return err
}

// CaseRoute is gewu case route.
type CaseRoute struct {
	person
	form
	JSON bool `help:"Print the answer as JSON." name:"json"`
}

// Run prints who would get a report.
func (c *CaseRoute) Run(e *Env) error {
	filled, err := c.fill()
	if err != nil {
		return err
	}
	var is struct {
		Answer struct {
			Rule, Organisation, Post, Limit string
			Reason                          data.Title
			Automatic                       bool
		}
		Steps []struct {
			Rule     string
			Why      data.Title
			Disabled bool
		}
	}
	raw, err := e.ask(http.MethodPost, "/v1/cases/route", nil, c.body(map[string]any{"form": filled}), &is)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.raw(raw)
	}
	for _, s := range is.Steps {
		off := ""
		if s.Disabled {
			off = "  (switched off)"
		}
		fmt.Fprintf(e.Stdout, "not %s: %s%s\n", s.Rule, both(s.Why), off)
	}
	a := &is.Answer
	_, err = fmt.Fprintf(e.Stdout, "%s %s  by rule %s: %s\n", cmp.Or(a.Organisation, "nobody"), a.Post, a.Rule, both(a.Reason))
	return err
}
