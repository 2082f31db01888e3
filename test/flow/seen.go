package flow

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// seen is a case as the server shows it, as far as stories ask.
type seen struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Version  int    `json:"version"`
	Source   string `json:"source"`
	Unit     string `json:"unit"`
	First    string `json:"first"`
	Task     string `json:"task"`
	Light    string `json:"light"`
	Address  string `json:"address"`
	Priority int    `json:"priority"`
	Parent   string `json:"parent"`
	Into     string `json:"into"`
	Class    struct {
		Kind, Code string
	} `json:"class"`
	Areas []struct {
		Level, Code string
	} `json:"areas"`
	Cells []struct {
		Scheme, Code string
	} `json:"cells"`
	Marks    []string       `json:"marks"`
	Requests []string       `json:"requests"`
	Counts   map[string]int `json:"counts"`
	Units    []string       `json:"units"`
	Joined   []string       `json:"joined"`
	Due      time.Time      `json:"due"`
	Children []struct {
		Case, Unit string
		Open       bool
	} `json:"children"`
	Duty struct {
		Rule, Organisation, Post string
	} `json:"duty"`
	Intake struct {
		Parts []struct{ Owner string }
	} `json:"intake"`
	Clocks []struct {
		Clock, State, Limit, Light string
		Due                        time.Time
	} `json:"clocks"`
	Photos struct {
		Before, After []any
	} `json:"photos"`
	Offers []struct {
		Action  string
		Allowed bool
		Refusal struct{ Name string }
	} `json:"offers"`
}

// see compares what is expected of a case with what is shown.
func (t *tale) see(ctx context.Context, s *Step, is *seen) error {
	for _, c := range s.Checks {
		got, err := t.fact(ctx, s.User, is, &c)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		want := c.Want
		if id, ok := t.id(strings.TrimPrefix(want, "$")); ok && want[0] == '$' {
			want = id
		}
		if got != want {
			return fmt.Errorf("%s: it is %s", c, got)
		}
	}
	return nil
}

const none = "none"

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func or(text string) string {
	if text == "" {
		return none
	}
	return text
}

func (t *tale) time(at time.Time) string {
	if at.IsZero() {
		return none
	}
	return at.In(t.now.Location()).Format(layout)
}

// fact is what a case is in one respect, as text; none where there is nothing.
func (t *tale) fact(ctx context.Context, user string, is *seen, c *Check) (string, error) {
	switch c.Fact {
	case "state":
		return is.State, nil
	case "unit":
		return or(is.Unit), nil
	case "first":
		return or(is.First), nil
	case "units":
		return or(strings.Join(is.Units, " ")), nil
	case "task":
		return or(is.Task), nil
	case "source":
		return or(is.Source), nil
	case "class":
		return or(strings.TrimSpace(is.Class.Kind + " " + is.Class.Code)), nil
	case "address":
		return or(is.Address), nil
	case "light":
		return or(is.Light), nil
	case "priority":
		return strconv.Itoa(is.Priority), nil
	case "into":
		return or(is.Into), nil
	case "joined":
		return strconv.Itoa(len(is.Joined)), nil
	case "duty":
		return or(is.Duty.Organisation), nil
	case "rule":
		return or(is.Duty.Rule), nil
	case "owner":
		if len(is.Intake.Parts) == 0 {
			return none, nil
		}
		return or(is.Intake.Parts[0].Owner), nil
	case "children":
		return strconv.Itoa(len(is.Children)), nil
	case "open":
		n := 0
		for _, child := range is.Children {
			if child.Open {
				n++
			}
		}
		return strconv.Itoa(n), nil
	case "mark":
		return yes(slices.Contains(is.Marks, c.Of)), nil
	case "request":
		return yes(slices.Contains(is.Requests, c.Of)), nil
	case "count":
		return strconv.Itoa(is.Counts[c.Of]), nil
	case "photos":
		return strconv.Itoa(map[string]int{"before": len(is.Photos.Before), "after": len(is.Photos.After)}[c.Of]), nil
	}
	return t.more(ctx, user, is, c)
}

// more are the facts that lie in lists.
func (t *tale) more(ctx context.Context, user string, is *seen, c *Check) (string, error) {
	switch c.Fact {
	case "area":
		for _, a := range is.Areas {
			if a.Level == c.Of {
				return a.Code, nil
			}
		}
		return none, nil
	case "cell":
		for _, a := range is.Cells {
			if a.Scheme == c.Of {
				return a.Code, nil
			}
		}
		return none, nil
	case "clock", "limit", "due":
		if c.Fact == "due" && c.Of == "" {
			return t.time(is.Due), nil
		}
		for _, clock := range is.Clocks {
			if clock.Clock == c.Of {
				return map[string]string{"clock": clock.State, "limit": or(clock.Limit), "due": t.time(clock.Due)}[c.Fact], nil
			}
		}
		return none, nil
	case "may":
		for _, o := range is.Offers {
			if o.Action == c.Of && !o.Allowed {
				return or(o.Refusal.Name), nil
			} else if o.Action == c.Of {
				return "yes", nil
			}
		}
		return "no", nil
	case "events", "told":
		return t.events(ctx, user, is.ID, c)
	}
	return "", fmt.Errorf("there is no fact %s", c.Fact)
}

// events counts the events of an action, or of a mark of a clock that was told, as handle:overdue.
func (t *tale) events(ctx context.Context, user, id string, c *Check) (string, error) {
	var list struct {
		Events []struct {
			Action string
			Told   []struct{ Clock, Key string }
		}
	}
	if err := t.send(ctx, user, http.MethodGet, "/v1/cases/"+url.PathEscape(id)+"/events", nil, &list); err != nil {
		return "", err
	}
	n := 0
	for _, e := range list.Events {
		if c.Fact == "events" && e.Action == c.Of {
			n++
		}
		for _, m := range e.Told {
			if c.Fact == "told" && m.Clock+"."+m.Key == c.Of {
				n++
			}
		}
	}
	return strconv.Itoa(n), nil
}
