package casecmd

import (
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"
)

// told is a message about a case.
type told struct {
	ID, To, Kind, Event, Subject, State string
	Made, Received, Handling, Done      time.Time
	Reminded                            int
}

// receipt is what whoever was told said of it, in words.
func (m *told) receipt() string {
	switch {
	case !m.Done.IsZero():
		return "办结 done"
	case !m.Handling.IsZero():
		return "办理 handling"
	case !m.Received.IsZero():
		return "接收 received"
	case m.Reminded > 0:
		return fmt.Sprintf("催办 reminded %d×", m.Reminded)
	}
	return "-"
}

// CaseNotices is gewu case notices.
type CaseNotices struct {
	person
	Case string `arg:"" help:"Id of the case."`
	JSON bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints who was told of a case, with their receipts.
func (c *CaseNotices) Run(e *Env) error {
	var list struct{ Notices []told }
	raw, err := e.ask(http.MethodGet, "/v1/cases/"+url.PathEscape(c.Case)+"/notices", c.query(url.Values{}), nil, &list)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.raw(raw)
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "NOTICE\tTO\tWAY\tEVENT\tMADE\tSTATE\tRECEIPT")
	for i := range list.Notices {
		m := &list.Notices[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.To, m.Kind, m.Event, local(m.Made), m.State, m.receipt())
	}
	return t.Flush()
}

// CaseRemind is gewu case remind.
type CaseRemind struct {
	person
	Case   string   `arg:"" help:"Id of the case."`
	Notice []string `help:"Only who got these messages (gewu case notices)." placeholder:"ID,…"`
}

// Run reminds those who were told and have given no receipt, and prints who.
func (c *CaseRemind) Run(e *Env) error {
	var done struct{ Reminded []told }
	only := map[string][]string{}
	if len(c.Notice) > 0 {
		only["notices"] = c.Notice
	}
	if _, err := e.ask(http.MethodPost, "/v1/cases/"+url.PathEscape(c.Case)+"/notices/remind", c.query(url.Values{}), only, &done); err != nil {
		return err
	}
	for i := range done.Reminded {
		fmt.Fprintf(e.Stdout, "%s  reminded of %s, %d×\n", done.Reminded[i].To, done.Reminded[i].Event, done.Reminded[i].Reminded)
	}
	return nil
}
