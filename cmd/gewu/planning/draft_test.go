package planning_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

// city is a client that answers each request with the next of its answers and keeps what it was asked.
type city struct {
	t       *testing.T
	answers []string
	asked   []string
}

func (c *city) Do(_ context.Context, method, path string, query url.Values, _ string, body io.Reader) (*http.Response, error) {
	c.t.Helper()
	text := ""
	if body != nil {
		raw, err := io.ReadAll(body)
		if err != nil {
			c.t.Fatal(err)
		}
		text = string(raw)
	}
	c.asked = append(c.asked, strings.TrimSpace(method+" "+path+"?"+query.Encode()+" "+text))
	if len(c.answers) == 0 {
		return nil, errors.New("the city refuses")
	}
	answer := c.answers[0]
	c.answers = c.answers[1:]
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

const (
	draftAnswer = `{"draft":{"id":"D1","scheme":"unit","title":"Two parks","author":"li","state":"draft","version":2,"steps":2,"done":1,"created":"2026-11-26T08:00:00Z"},"seq":9}`
	stepAnswer  = `{"draft":{"id":"D1","done":3},"changed":{"created":["~3.1"],"altered":["a","b"],"ended":[]},"defects":{"features":[]},"counts":{},"seq":9}`
	badAnswer   = `{"draft":{"id":"D1","done":4},"changed":{"created":[],"altered":["a"],"ended":["c"]},"defects":{"features":[{"properties":{"kind":"gap","area_m2":3,"point":[121,25]}}]},"counts":{"gap":1},"seq":9}`
	checkAnswer = `{"draft":{"id":"D1","state":"checked"},"ok":true,"defects":{"features":[]},"counts":{},"codes":[{"drawn":"~3.1","code":"C-010"}],"created":["C-010"],"ended":[],"cells":9,"altered":2,"areas":["village/V1"],` +
		`"conflicts":[{"kind":"border","cells":["a","b"],"point":[121,25],"draft":"D2","author":"zhao","title":"Other"}],"warnings":["\"C\" has used 800 of 999 numbers for ever (80 %)"],"seq":9}`
)

// TestDraftCommands runs each command: what it asks for, what it prints, and whether it fails.
func TestDraftCommands(t *testing.T) {
	t.Parallel()
	steps := filepath.Join(t.TempDir(), "steps.ndjson")
	if err := os.WriteFile(steps, []byte(`{"op":"lock","codes":["a"]}`+"\n\n"+`{"op":"unlock","codes":["a"]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type command interface{ Run(e *planning.Env) error }
	move := planning.DraftMove{Draft: "D/1"}
	for _, tt := range []struct {
		name    string
		cmd     command
		answers []string
		asked   []string // each is found in the request of its place
		want    []string
		fails   string
	}{
		{name: "new", cmd: &planning.DraftNew{Scheme: "unit", Title: "x", By: "li", From: 3}, answers: []string{draftAnswer}, asked: []string{`POST /v1/drafts? {"by":"li","from_version":3,"scheme":"unit","title":"x"}`}, want: []string{"D1\n"}},
		{name: "new with a rule", cmd: &planning.DraftNew{Scheme: "unit", Rule: "priority", Order: []string{"a"}}, answers: []string{`{"draft":{"id":"D1"},"found":[{"kind":"gap","area_m2":3,"point":[121,25],"cells":["a","b"],"code":"a"}]}`}, asked: []string{`"order":["a"],"rule":"priority"`}, want: []string{"gap 3 m² at 121.0000000, 25.0000000 (a b): now of a", "D1"}},
		{name: "list", cmd: &planning.DraftList{State: "draft"}, answers: []string{`{"drafts":[` + draftAnswer[9:strings.Index(draftAnswer, `,"seq"`)] + `]}`}, asked: []string{"GET /v1/drafts?limit=1000&state=draft"}, want: []string{"D1", "Two parks", "li"}},
		{name: "show", cmd: &planning.DraftShow{Draft: "D1"}, answers: []string{draftAnswer, `{"steps":[{"number":1,"op":"merge","codes":["a","b"],"by":"li"},{"number":2,"op":"split","code":"a","by":"li","undone":true}]}`}, asked: []string{"GET /v1/drafts/D1?", "GET /v1/drafts/D1/steps?after=0&limit=1000"}, want: []string{"on version 2: draft", "merge a b", "split a  li  (undone)"}},
		{name: "edit", cmd: &planning.DraftEdit{Draft: "D1", Op: `{"op":"x"}`}, answers: []string{stepAnswer}, asked: []string{`POST /v1/drafts/D1/steps? {"op":"x"}`}, want: []string{"step 3 of D1: created ~3.1; changed a b"}},
		{name: "edit that leaves a defect", cmd: &planning.DraftEdit{Draft: "D1", Op: `{"op":"x"}`}, answers: []string{badAnswer}, want: []string{`{"kind":"gap","area_m2":3,"point":[121,25]}`, "no coverage of its ground: 1 gap", "ended c"}, fails: errDefects.Error()},
		{name: "edit by a file", cmd: &planning.DraftEdit{Draft: "D1", File: steps}, answers: []string{stepAnswer, stepAnswer}, asked: []string{`"lock"`, `"unlock"`}, want: []string{"step 3"}},
		{name: "edit by a file that is refused", cmd: &planning.DraftEdit{Draft: "D1", File: steps, Quiet: true}, answers: []string{stepAnswer}, fails: "line 3: the city refuses"},
		{name: "undo", cmd: &planning.DraftUndo{DraftMove: move}, answers: []string{stepAnswer}, asked: []string{"POST /v1/drafts/D%2F1/undo? {}"}, want: []string{"changed a b"}},
		{name: "redo", cmd: &planning.DraftRedo{DraftMove: move}, answers: []string{stepAnswer}, asked: []string{"/redo?"}},
		{name: "rebase", cmd: &planning.DraftRebase{DraftMove: move}, answers: []string{draftAnswer}, asked: []string{"/rebase?"}, want: []string{"draft D1 is on version 2"}},
		{name: "delete", cmd: &planning.DraftDelete{Draft: "D1"}, answers: []string{`{"seq":3}`}, asked: []string{"DELETE /v1/drafts/D1?"}, want: []string{"is forgotten"}},
		{name: "conflicts", cmd: &planning.DraftConflicts{Draft: "D1"}, answers: []string{`{"conflicts":[{"kind":"border","cells":["a","b"],"point":[121,25],"draft":"D2","author":"zhao"}]}`}, want: []string{"border of a and b at 121.0000000, 25.0000000 is changed by draft D2 of zhao"}, fails: errDefects.Error()},
		{name: "no conflicts", cmd: &planning.DraftConflicts{Draft: "D1"}, answers: []string{`{"conflicts":[]}`}},
		{name: "check", cmd: &planning.Check{Draft: "D1", Codes: "rule"}, answers: []string{checkAnswer}, asked: []string{`POST /v1/drafts/D1/check?async=true {"codes":"rule"}`}, want: []string{"~3.1   C-010", "areas that follow: village/V1", "800 of 999", "draft D2 of zhao", "9 cells, 2 changed, 1 created (C-010), 0 ended (): draft D1 is checked"}},
		{name: "check that finds something", cmd: &planning.Check{Draft: "D1", Codes: "drawn", JSON: true}, answers: []string{strings.Replace(checkAnswer, `"ok":true`, `"ok":false`, 1)}, want: []string{`"ok":false`}, fails: errDefects.Error()},
		{name: "approve", cmd: &planning.Approve{Draft: "D1", By: "wang"}, answers: []string{`{"draft":{"id":"D1","state":"approved"}}`}, asked: []string{`/approve? {"by":"wang"}`}, want: []string{"draft D1 is approved"}},
		{name: "reject", cmd: &planning.Approve{Draft: "D1", Reject: true, Note: "no"}, answers: []string{draftAnswer}, asked: []string{`/reject? {"note":"no"}`}},
		{name: "publish", cmd: &planning.Publish{Draft: "D1", At: "2999-01-01"}, answers: []string{`{"draft":{"id":"D1","state":"planned","published":2,"due":"2999-01-01T00:00:00Z"}}`}, asked: []string{`/publish? {"at":"2999-01-01"}`}, want: []string{"is planned as 2 for "}},
		{name: "withdraw", cmd: &planning.Publish{Draft: "D1", Withdraw: true}, answers: []string{draftAnswer}, asked: []string{"/withdraw? {}"}},
		{name: "renumber", cmd: &planning.Renumber{Draft: "D1", Communities: []string{"C"}}, answers: []string{stepAnswer, checkAnswer}, asked: []string{`{"op":"renumber","parents":["C"]}`, "/check?"}, want: []string{"DRAWN"}},
		{name: "versions", cmd: &planning.Versions{Scheme: "unit"}, answers: []string{`{"versions":[{"number":2,"state":"failed","effective":"2026-11-26T08:00:00Z","cells":9,"reason":"why"}]}`}, asked: []string{"GET /v1/schemes/unit/versions?"}, want: []string{"failed", "why"}},
		{name: "lineage", cmd: &planning.Lineage{Scheme: "unit", Code: "a", Version: 2}, answers: []string{"version,old\n2,a\n"}, asked: []string{"GET /v1/schemes/unit/lineage?code=a&format=csv&of=2"}, want: []string{"version,old\n2,a\n"}},
		{name: "a city that refuses", cmd: &planning.Versions{Scheme: "unit"}, fails: "the city refuses"},
	} {
		var out bytes.Buffer
		c := &city{t: t, answers: tt.answers}
		e := env("", &out, &out)
		e.City = func(do func(planning.Client) error) error { return do(c) }
		err := tt.cmd.Run(e)
		if (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: error %v instead of %q", tt.name, err, tt.fails)
		}
		for i, want := range tt.asked {
			if i >= len(c.asked) || !strings.Contains(c.asked[i], want) {
				t.Errorf("%s: asked %q, not %s", tt.name, c.asked, want)
			}
		}
		for _, want := range tt.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in %s", tt.name, want, &out)
			}
		}
	}
	for _, bad := range []planning.DraftEdit{{Draft: "D1"}, {Draft: "D1", Op: "x", File: "y"}} {
		if bad.Validate() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	if (&planning.Check{Draft: "D1", In: "x"}).Validate() == nil {
		t.Error("--draft goes with --in")
	}
}
