package planning

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// DraftMove is an operation without anything to say.
type DraftMove struct {
	Draft string `arg:"" help:"Id of the draft."`
	JSON  bool   `help:"Print the answer as JSON." name:"json"`
}

// DraftUndo takes back the last step.
type DraftUndo struct{ DraftMove }

// Run prints what changed.
func (c *DraftUndo) Run(e *Env) error { return c.move(e, "undo") }

// DraftRedo does the step again that was undone last.
type DraftRedo struct{ DraftMove }

// Run prints what changed.
func (c *DraftRedo) Run(e *Env) error { return c.move(e, "redo") }

// DraftRebase puts a draft on the present version.
type DraftRebase struct{ DraftMove }

// Run prints on which version the draft is.
func (c *DraftRebase) Run(e *Env) error { return c.move(e, "rebase") }

func (c *DraftMove) move(e *Env, verb string) error {
	var a answer
	raw, err := e.post(draftPath(c.Draft)+"/"+verb, struct{}{}, &a)
	if err != nil {
		return err
	}
	if verb == "rebase" && !c.JSON {
		_, err := fmt.Fprintf(e.Stdout, "draft %s is on version %d\n", a.Draft.ID, a.Draft.Version)
		return err
	}
	_, err = e.tell(&a, raw, c.JSON)
	return err
}

// DraftConflicts lists conflicts.
type DraftConflicts struct {
	Draft string `arg:"" help:"Id of the draft."`
	JSON  bool   `help:"Print the conflicts as JSON, one a line." name:"json"`
}

// Run fails when there are any.
func (c *DraftConflicts) Run(e *Env) error {
	var list struct {
		Conflicts []json.RawMessage `json:"conflicts"`
	}
	if _, err := e.ask(http.MethodGet, draftPath(c.Draft)+"/conflicts", nil, "", nil, &list); err != nil {
		return err
	}
	for _, raw := range list.Conflicts {
		if c.JSON {
			if err := e.line(raw); err != nil {
				return err
			}
			continue
		}
		if err := e.conflict(raw); err != nil {
			return err
		}
	}
	if len(list.Conflicts) > 0 {
		return e.Failed
	}
	return nil
}

func (e *Env) conflict(raw json.RawMessage) error {
	var k struct {
		Kind   string     `json:"kind"`
		Cells  []string   `json:"cells"`
		Point  [2]float64 `json:"point"`
		Draft  string     `json:"draft"`
		Title  string     `json:"title"`
		Author string     `json:"author"`
	}
	if err := json.Unmarshal(raw, &k); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Stdout, "%s of %s at %.7f, %.7f is changed by draft %s of %s, too  %s\n", k.Kind, strings.Join(k.Cells, " and "), k.Point[0], k.Point[1], k.Draft, k.Author, k.Title)
	return err
}

// DraftDelete forgets a draft.
type DraftDelete struct {
	Draft string `arg:"" help:"Id of the draft."`
}

// Run says what is gone.
func (c *DraftDelete) Run(e *Env) error {
	if _, err := e.ask(http.MethodDelete, draftPath(c.Draft), nil, "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Stdout, "draft %s is forgotten\n", c.Draft)
	return err
}
