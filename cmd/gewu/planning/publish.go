package planning

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// checkedDraft mirrors what a check of a draft found.
type checkedDraft struct {
	answer

	OK    bool `json:"ok"`
	Codes []struct {
		Drawn string `json:"drawn"`
		Code  string `json:"code"`
	} `json:"codes"`
	Created   []string          `json:"created"`
	Ended     []string          `json:"ended"`
	Cells     int               `json:"cells"`
	Altered   int               `json:"altered"`
	Areas     []string          `json:"areas"`
	Conflicts []json.RawMessage `json:"conflicts"`
	Warnings  []string          `json:"warnings"`
}

// checkDraft proves a draft, which is checked then, and prints what it found. It fails when something stands in the way.
func checkDraft(e *Env, id, codes string, asJSON, quiet bool) error {
	var c checkedDraft
	raw, err := e.postLong(bar("check", quiet), draftPath(id)+"/check", map[string]string{"codes": codes}, &c)
	if err != nil {
		return err
	}
	if asJSON {
		if err := e.line(raw); err != nil {
			return err
		}
	} else if err := c.print(e); err != nil {
		return err
	}
	if !c.OK {
		return e.Failed
	}
	return nil
}

func (c *checkedDraft) print(e *Env) error {
	if _, err := e.tell(&c.answer, nil, false); err != nil {
		return err
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(e.Stderr, w)
	}
	for _, raw := range c.Conflicts {
		if err := e.conflict(raw); err != nil {
			return err
		}
	}
	if len(c.Codes) > 0 {
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "DRAWN\tCODE")
		for _, k := range c.Codes {
			fmt.Fprintf(t, "%s\t%s\n", k.Drawn, k.Code)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if len(c.Areas) > 0 {
		fmt.Fprintf(e.Stdout, "areas that follow: %s\n", strings.Join(c.Areas, " "))
	}
	_, err := fmt.Fprintf(e.Stdout, "%d cells, %d changed, %d created (%s), %d ended (%s): draft %s is %s\n",
		c.Cells, c.Altered, len(c.Created), some(c.Created), len(c.Ended), some(c.Ended), c.Draft.ID, c.Draft.standing())
	return err
}

// Approve accepts a draft, or sends it back.
type Approve struct {
	Draft  string `arg:"" help:"Id of the draft."`
	By     string `help:"For whom you act, when the city has no accounts or you work on its machine: another person than those who drew." placeholder:"NAME"`
	Note   string `help:"Words that are kept with the decision." placeholder:"TEXT"`
	Reject bool   `help:"Send the draft back to be drawn."`
	JSON   bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints the state of the draft.
func (c *Approve) Run(e *Env) error {
	verb := "approve"
	if c.Reject {
		verb = "reject"
	}
	return e.moveOn(c.Draft, verb, map[string]string{"by": c.By, "note": c.Note}, c.JSON)
}

// moveOn sends a draft on its way and prints its state.
func (e *Env) moveOn(id, verb string, words map[string]string, asJSON bool) error {
	for name, v := range words {
		if v == "" {
			delete(words, name)
		}
	}
	var a answer
	raw, err := e.post(draftPath(id)+"/"+verb, words, &a)
	if err != nil {
		return err
	}
	if asJSON {
		return e.line(raw)
	}
	_, err = fmt.Fprintf(e.Stdout, "draft %s is %s\n", a.Draft.ID, a.Draft.standing())
	return err
}

// Publish makes a draft a version.
type Publish struct {
	Draft    string `arg:"" help:"Id of the draft."`
	At       string `help:"When it takes effect (RFC 3339, or a date); now without it." placeholder:"T"`
	Title    string `help:"Title of the version. Default: that of the draft." placeholder:"TEXT"`
	By       string `help:"For whom you act, when the city has no accounts or you work on its machine." placeholder:"NAME"`
	Withdraw bool   `help:"Take back a publication that waits, or a check or an approval."`
	JSON     bool   `help:"Print the answer as JSON." name:"json"`
}

// Run prints the state of the draft.
func (c *Publish) Run(e *Env) error {
	if c.Withdraw {
		return e.moveOn(c.Draft, "withdraw", map[string]string{"by": c.By}, c.JSON)
	}
	return e.moveOn(c.Draft, "publish", map[string]string{"at": c.At, "title": c.Title, "by": c.By}, c.JSON)
}

// Renumber numbers cells anew.
type Renumber struct {
	Draft       string   `help:"Id of the draft." required:"" placeholder:"DRAFT"`
	Communities []string `help:"Areas of the level above whose cells are numbered; all without it." placeholder:"CODE,…"`
	JSON        bool     `help:"Print the check as JSON." name:"json"`
}

// Run does the step and prints the table of old and new codes.
func (c *Renumber) Run(e *Env) error {
	op := map[string]any{"op": "renumber"}
	if len(c.Communities) > 0 {
		op["parents"] = c.Communities
	}
	var a answer
	if _, err := e.post(draftPath(c.Draft)+"/steps", op, &a); err != nil {
		return err
	}
	return checkDraft(e, c.Draft, "rule", c.JSON, c.JSON)
}

// Versions lists the versions of a scheme.
type Versions struct {
	Scheme string `help:"Scheme of the city." default:"unit" placeholder:"NAME"`
	JSON   bool   `help:"Print the versions as JSON, one a line." name:"json"`
}

// Run prints a table.
func (c *Versions) Run(e *Env) error {
	var list struct {
		Versions []json.RawMessage `json:"versions"`
	}
	if _, err := e.ask(http.MethodGet, "/v1/schemes/"+url.PathEscape(c.Scheme)+"/versions", nil, "", nil, &list); err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(t, "VERSION\tSTATE\tEFFECTIVE\tCELLS\tCREATED\tCHANGED\tENDED\tDRAFT\tTITLE\tREASON")
	}
	for _, raw := range list.Versions {
		if c.JSON {
			if err := e.line(raw); err != nil {
				return err
			}
			continue
		}
		var v struct {
			Number    int       `json:"number"`
			State     string    `json:"state"`
			Effective time.Time `json:"effective"`
			Cells     int       `json:"cells"`
			Created   int       `json:"created"`
			Changed   int       `json:"changed"`
			Ended     int       `json:"ended"`
			Draft     string    `json:"draft"`
			Title     string    `json:"title"`
			Reason    string    `json:"reason"`
		}
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", v.Number, v.State, v.Effective.Local().Format(time.RFC3339), v.Cells, v.Created, v.Changed, v.Ended, v.Draft, v.Title, v.Reason)
	}
	return t.Flush()
}

// Lineage tells what became of codes.
type Lineage struct {
	Scheme  string `help:"Scheme of the city." default:"unit" placeholder:"NAME"`
	Code    string `arg:"" optional:"" help:"Code of a cell that is or was; all without it."`
	Version int    `help:"Only the rows of this version." placeholder:"N"`
	JSON    bool   `help:"Print JSON instead of CSV." name:"json"`
}

// Run prints CSV: version, old, new, share of the ground, share of the addresses.
func (c *Lineage) Run(e *Env) error {
	query := url.Values{"format": {"csv"}}
	if c.JSON {
		query.Set("format", "json")
	}
	if c.Code != "" {
		query.Set("code", c.Code)
	}
	if c.Version > 0 {
		query.Set("of", strconv.Itoa(c.Version))
	}
	raw, err := e.ask(http.MethodGet, "/v1/schemes/"+url.PathEscape(c.Scheme)+"/lineage", query, "", nil, nil)
	if err != nil {
		return err
	}
	return e.line(raw)
}
