package planning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// DraftJoin makes areas parts of another one.
type DraftJoin struct {
	Draft  string   `arg:"" help:"Id of the draft."`
	Codes  []string `arg:"" help:"Codes of the areas that join another one of their level, such as whole districts."`
	Into   string   `help:"Code of the area that they join." required:"" placeholder:"CODE"`
	Level  string   `help:"Their level. Default: the coarsest of the scheme that has the area." placeholder:"LEVEL"`
	Rename []string `help:"Codes for areas below, instead of those that the code rule gives." placeholder:"LEVEL:OLD=NEW,…"`
	JSON   bool     `help:"Print the answer as JSON." name:"json"`
}

// renaming is an area that gets another code.
type renaming struct {
	Level string `json:"level"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// renames reads the flag.
func (c *DraftJoin) renames() (out []renaming, err error) {
	for _, text := range c.Rename {
		level, codes, ok := strings.Cut(text, ":")
		before, after, both := strings.Cut(codes, "=")
		if !ok || !both || level == "" || before == "" || after == "" {
			return nil, fmt.Errorf("--rename %q: must be LEVEL:OLD=NEW, such as street:110103001=110101021", text)
		}
		out = append(out, renaming{level, before, after})
	}
	return out, nil
}

// Run prints what changed and which areas get which codes.
func (c *DraftJoin) Run(e *Env) error {
	renames, err := c.renames()
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Op      string     `json:"op"`
		Codes   []string   `json:"codes"`
		Into    string     `json:"into"`
		Level   string     `json:"level,omitempty"`
		Renames []renaming `json:"renames,omitempty"`
	}{"join", c.Codes, c.Into, c.Level, renames})
	if err != nil {
		return err
	}
	var a answer
	raw, err := e.ask(http.MethodPost, draftPath(c.Draft)+"/steps", nil, "application/json", bytes.NewReader(body), &a)
	if err != nil {
		return err
	}
	defects, err := e.tell(&a, raw, c.JSON)
	if err != nil || c.JSON {
		return err
	}
	var list struct {
		Steps []struct {
			Level   string     `json:"level"`
			Renames []renaming `json:"renames"`
		} `json:"steps"`
	}
	if _, err := e.ask(http.MethodGet, draftPath(c.Draft)+"/steps", url.Values{"after": {strconv.Itoa(a.Draft.Done - 1)}, "limit": {"1"}}, "", nil, &list); err != nil {
		return err
	}
	for _, s := range list.Steps {
		for _, code := range c.Codes {
			fmt.Fprintf(e.Stdout, "%s %s becomes part of %s\n", s.Level, code, c.Into)
		}
		for _, r := range s.Renames {
			fmt.Fprintf(e.Stdout, "%s %s becomes %s\n", r.Level, r.Old, r.New)
		}
	}
	if defects > 0 {
		return e.Failed
	}
	return nil
}
