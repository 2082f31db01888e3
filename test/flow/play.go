package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Player plays stories against a server that runs. One at a time may use it.
type Player struct {
	// Base is the address of the server, Password that of all accounts.
	Base, Password string
	// Cases are cases by the names that stories give them, which go on in the next story; nil begins each story without any.
	Cases map[string]string
	// Move moves the clock of the city on to a time.
	Move func(ctx context.Context, to time.Time) error
	// Mail are the mails that an address got so far; nil where the city sends none.
	Mail func(address string) []string

	users map[string]*http.Client
	files map[string]json.RawMessage
}

// StepError is a step that did not come to what the story says.
type StepError struct {
	Line int
	Step string
	Err  error
}

// Error is "line 7: USER ACTION …: why".
func (e *StepError) Error() string { return fmt.Sprintf("line %d: %s: %v", e.Line, e.Step, e.Err) }

// Unwrap is why.
func (e *StepError) Unwrap() error { return e.Err }

// tale is a story that is being played.
type tale struct {
	*Player
	now time.Time
	// ids are the cases by their names in the story.
	ids map[string]string
}

// Play plays a story. The error is a *StepError for the first step that goes another way, or that of moving the clock.
func (p *Player) Play(ctx context.Context, s *Story) error {
	t := &tale{Player: p, now: s.Begin, ids: p.Cases}
	if t.ids == nil {
		t.ids = map[string]string{}
	}
	if err := p.Move(ctx, s.Begin); err != nil {
		return err
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		if err := t.step(ctx, step); err != nil {
			return &StepError{step.Line, step.String(), err}
		}
	}
	return nil
}

func (t *tale) step(ctx context.Context, s *Step) error {
	if s.User == "" {
		to := s.At
		if to.IsZero() {
			to = t.now.Add(s.After)
		}
		if to.Before(t.now) {
			return fmt.Errorf("lies before %s", t.now.Format(layout))
		}
		t.now = to
		return t.Move(ctx, to)
	}
	switch s.Verb {
	case Look:
		return t.look(ctx, s)
	case Inbox:
		return t.inbox(ctx, s)
	case Alike:
		return t.alike(ctx, s)
	case Notices:
		return t.notices(ctx, s)
	case Remind:
		id, ok := t.id(s.Case)
		if !ok {
			return errors.New("nobody has begun this case")
		}
		_, err := refused(s, t.send(ctx, s.User, http.MethodPost, "/v1/cases/"+url.PathEscape(id)+"/notices/remind", nil, nil))
		return err
	case Subscribe:
		return t.subscribe(ctx, s)
	}
	return t.act(ctx, s)
}

// id is that of a case by its name in the story; a part has the number of the case that it is a part of.
func (t *tale) id(name string) (string, bool) {
	if id, ok := t.ids[name]; ok {
		return id, true
	}
	above, part, ok := strings.Cut(name, ".")
	if id, known := t.ids[above]; ok && known {
		return id + "." + part, true
	}
	return "", false
}

// refusal is the answer to what may not be.
type refusal struct {
	status int
	Detail string `json:"detail"`
	Named  struct {
		Name   string            `json:"name"`
		Reason map[string]string `json:"reason"`
	} `json:"refusal"`
}

// Error is the status with what the server says.
func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.Named.Name, r.Detail) }

// is reports whether a refusal is the one that a story names, by its name or its status.
func (r *refusal) is(name string) bool { return r.Named.Name == name || strconv.Itoa(r.status) == name }

// act begins a case or does something with one.
func (t *tale) act(ctx context.Context, s *Step) error {
	form, err := t.form(ctx, s)
	if err != nil {
		return err
	}
	body := map[string]any{"action": s.Verb, "form": form}
	if post, organisation, ok := strings.Cut(s.By, "@"); ok {
		body["as"] = map[string]string{"post": post, "organisation": organisation}
	}
	path := "/v1/cases"
	id, known := t.id(s.Case)
	if known {
		path += "/" + url.PathEscape(id) + "/actions"
	}
	var done struct {
		Case json.RawMessage `json:"case"`
	}
	err = t.send(ctx, s.User, http.MethodPost, path, body, &done)
	if ended, err := refused(s, err); ended {
		return err
	}
	var is seen
	if err := json.Unmarshal(done.Case, &is); err != nil {
		return err
	}
	if !known {
		t.ids[s.Case] = is.ID
	}
	if is.State != s.State {
		return fmt.Errorf("comes to %s", is.State)
	}
	return t.see(ctx, s, &is)
}

// refused compares an error with the refusal that a step expects, and reports whether the step is over.
func refused(s *Step, err error) (ended bool, _ error) {
	no, isNo := errors.AsType[*refusal](err)
	switch {
	case s.Refused == "" || err != nil && !isNo:
		return err != nil, err
	case err == nil:
		return true, errors.New("is not refused")
	case !no.is(s.Refused):
		return true, fmt.Errorf("is refused otherwise: %w", err)
	}
	return true, nil
}

func (t *tale) look(ctx context.Context, s *Step) error {
	id, ok := t.id(s.Case)
	if !ok {
		return errors.New("nobody has begun this case")
	}
	var is seen
	err := t.send(ctx, s.User, http.MethodGet, "/v1/cases/"+url.PathEscape(id), nil, &is)
	if ended, err := refused(s, err); ended {
		return err
	}
	if is.State != s.State {
		return fmt.Errorf("it is %s", is.State)
	}
	return t.see(ctx, s, &is)
}

// inbox looks at the cases for which a user has something to do.
func (t *tale) inbox(ctx context.Context, s *Step) error {
	var list struct {
		Cases []seen `json:"cases"`
	}
	if err := t.send(ctx, s.User, http.MethodGet, "/v1/cases?inbox=true&limit=1000", nil, &list); err != nil {
		return err
	}
	in := map[string]string{}
	for i := range list.Cases {
		in[list.Cases[i].ID] = "yes"
	}
	return t.among(s, "has", in)
}

// alike looks at the cases that a report may say again.
func (t *tale) alike(ctx context.Context, s *Step) error {
	form, err := t.form(ctx, s)
	if err != nil {
		return err
	}
	var found struct {
		Matches []struct {
			Case    seen `json:"case"`
			Reasons []struct {
				Code string `json:"code"`
			} `json:"reasons"`
		} `json:"matches"`
	}
	if err := t.send(ctx, s.User, http.MethodPost, "/v1/cases/duplicates", map[string]any{"form": form}, &found); err != nil {
		return err
	}
	in := map[string]string{}
	for _, m := range found.Matches {
		if len(m.Reasons) > 0 {
			in[m.Case.ID] = m.Reasons[0].Code
		}
	}
	return t.among(s, "match", in)
}

// among compares what a step expects of cases in a list: a word for each that is there, no for others.
func (t *tale) among(s *Step, fact string, in map[string]string) error {
	for _, c := range s.Checks {
		id, ok := t.id(strings.TrimPrefix(c.Of, "$"))
		got := in[id]
		switch {
		case c.Fact != fact:
			return fmt.Errorf("%s: what is expected here is ? %s $CASE = …", c, fact)
		case !ok:
			return fmt.Errorf("%s: nobody has begun this case", c)
		case got == "":
			got = "no"
		}
		if got != c.Want {
			return fmt.Errorf("%s: it is %s", c, got)
		}
	}
	return nil
}

// client is the session of a user.
func (p *Player) client(ctx context.Context, user string) (*http.Client, error) {
	if c, ok := p.users[user]; ok {
		return c, nil
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	if p.users == nil {
		p.users = map[string]*http.Client{}
	}
	p.users[user] = &http.Client{Jar: jar, Timeout: time.Minute}
	if user == Public {
		return p.users[user], nil
	}
	if err := p.send(ctx, user, http.MethodPost, "/v1/login", map[string]string{"login": user, "password": p.Password}, nil); err != nil {
		delete(p.users, user)
		return nil, fmt.Errorf("log in as %s: %w", user, err)
	}
	return p.users[user], nil
}

// Ask asks the server as a user, and reads the answer into out. What is answered with 400 and more is an error.
func (p *Player) Ask(ctx context.Context, user, method, path string, v, out any) error {
	return p.send(ctx, user, method, path, v, out)
}

// send sends v as JSON and reads the answer into out. What is answered with 400 and more is a *refusal.
func (p *Player) send(ctx context.Context, user, method, path string, v, out any) error {
	var body io.Reader
	if v != nil {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	return p.do(ctx, user, method, path, "application/json", body, out)
}

func (p *Player) do(ctx context.Context, user, method, path, contentType string, body io.Reader, out any) error {
	c, err := p.client(ctx, user)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, p.Base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Gewu-Request", "1")
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		no := &refusal{status: resp.StatusCode}
		if err := json.Unmarshal(text, no); err != nil {
			return fmt.Errorf("%s: %s", resp.Status, text)
		}
		return no
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
