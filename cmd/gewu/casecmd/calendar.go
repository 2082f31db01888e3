package casecmd

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
)

// Calendar are the commands about working calendars.
type Calendar struct {
	List  CalendarList  `cmd:"" help:"List the calendars of the city in all versions, with how far their holidays are known."`
	Print CalendarPrint `cmd:"" help:"Print a calendar as the TOML that put takes."`
	Dry   CalendarDry   `cmd:"" help:"Say which open cases would be due at another time by a changed or new version."`
	Put   CalendarPut   `cmd:"" help:"Change a calendar, or add a version of it, and count the clocks of open cases anew."`
}

// CalendarList is gewu calendar list.
type CalendarList struct {
	JSON bool `help:"Print the answer as JSON." name:"json"`
}

// Run prints a table.
func (c *CalendarList) Run(e *Env) error {
	var list struct {
		Calendars []struct {
			Name     string
			Version  int
			Title    data.Title
			Valid    string
			Complete string `json:"complete_until"`
			Standard bool
			Changes  int
			Since    time.Time
		}
	}
	raw, err := e.ask(http.MethodGet, "/v1/calendars", nil, nil, &list)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.raw(raw)
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "CALENDAR\tVERSION\tVALID FROM\tHOLIDAYS UNTIL\tPUT\tLAST\tTITLE")
	for _, is := range list.Calendars {
		note := ""
		if is.Standard {
			note = "  (limits are counted by it)"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%d\t%s\t%s%s\n", is.Name, is.Version, is.Valid, is.Complete, is.Changes, local(is.Since), is.Title["zh"]+" "+is.Title["en"], note)
	}
	return t.Flush()
}

// CalendarPrint is gewu calendar print.
type CalendarPrint struct {
	Name    string `arg:"" help:"Name of the calendar."`
	Version int    `help:"Version; the newest without it."`
}

// Run prints the text.
func (c *CalendarPrint) Run(e *Env) error {
	query := url.Values{}
	if c.Version > 0 {
		query.Set("version", strconv.Itoa(c.Version))
	}
	var is struct{ Text string }
	_, err := e.ask(http.MethodGet, "/v1/calendars/"+url.PathEscape(c.Name), query, nil, &is)
	if err == nil {
		_, err = fmt.Fprint(e.Stdout, is.Text)
	}
	return err
}

// CalendarDry is gewu calendar dry.
type CalendarDry struct {
	File string `arg:"" help:"The calendar.toml of the changed or new version." type:"existingfile"`
	JSON bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints which cases would be due at another time.
func (c *CalendarDry) Run(e *Env) error { return e.calendar(http.MethodPost, "/dry", c.File, c.JSON) }

// CalendarPut is gewu calendar put.
type CalendarPut struct {
	File string `arg:"" help:"The calendar.toml of the changed or new version." type:"existingfile"`
	JSON bool   `help:"Print the answer as JSON." name:"json"`
}

// Run changes the calendar.
func (c *CalendarPut) Run(e *Env) error { return e.calendar(http.MethodPut, "", c.File, c.JSON) }

// calendar sends a calendar, and prints which open cases are due at another time by it.
func (e *Env) calendar(method, what, file string, asJSON bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var head struct{ Name string }
	if _, err := toml.Decode(string(text), &head); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if head.Name == "" {
		return fmt.Errorf("%s: name is missing: lower-case letters, digits and _", file)
	}
	var done struct {
		Version                         int
		Clocks, Changed, Dated, Undated int
		More                            bool
		Cases                           []struct {
			Case, Clock, Fault string
			Was, Is            time.Time
			By                 float64 `json:"by_s"`
		}
	}
	raw, err := e.ask(method, "/v1/calendars/"+url.PathEscape(head.Name)+what, nil, text, &done)
	if err != nil {
		return err
	}
	if asJSON {
		return e.raw(raw)
	}
	if len(done.Cases) > 0 {
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "CASE\tCLOCK\tWAS DUE\tIS DUE\tLATER BY")
		for _, c := range done.Cases {
			by := ""
			if c.By != 0 {
				by = (time.Duration(c.By) * time.Second).String()
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Case, c.Clock, local(c.Was), local(c.Is), by)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if done.More {
			fmt.Fprintln(e.Stdout, "…")
		}
	}
	counted := "would be counted"
	if method == http.MethodPut {
		counted = "are counted"
	}
	_, err = fmt.Fprintf(e.Stdout, "calendar %s, version %d: %d clocks of open cases %s by it; %d are due at another time, %d have a due time now, %d have none any more\n",
		head.Name, done.Version, done.Clocks, counted, done.Changed, done.Dated, done.Undated)
	return err
}
