package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gewu-city/gewu/cmd/gewu/progress"
	"github.com/gewu-city/gewu/server/operate"
)

// workLine mirrors the lines with which the server tells of long work.
type workLine struct {
	Line     string             `json:"line,omitempty"`
	Step     string             `json:"step,omitempty"`
	Progress *float64           `json:"progress,omitempty"`
	Problems *int               `json:"problems,omitempty"`
	Result   *operate.Compacted `json:"result,omitempty"`
	Error    string             `json:"error,omitempty"`
}

// follow has the server do long work and calls each for every line, until the last one, which it returns. Progress is
// shown on standard error.
func (c client) follow(ctx context.Context, e *env, path string, query url.Values, each func(workLine)) (workLine, error) {
	resp, err := c.do(ctx, http.MethodPost, path, query, "application/json", http.NoBody)
	if err != nil {
		return workLine{}, err
	}
	defer resp.Body.Close()
	steps := stepBar{env: e}
	defer steps.finish()
	lines := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		var l workLine
		if err := lines.Decode(&l); err != nil {
			return l, fmt.Errorf("the work was cut off: %w", err)
		}
		switch {
		case l.Error != "":
			return l, errors.New(l.Error)
		case l.Progress != nil:
			steps.set(l.Step, *l.Progress)
		case l.Problems != nil || l.Result != nil:
			return l, nil
		default:
			each(l)
		}
	}
}

// stepBar shows the progress of work that has several steps.
type stepBar struct {
	env  *env
	step string
	bar  *progress.Bar
}

// stepParts is the number of parts of which a bar shows the progress of a step.
const stepParts = 1000

func (s *stepBar) set(step string, part float64) {
	if s.bar == nil || step != s.step {
		s.finish()
		s.step, s.bar = step, progress.Things(s.env.stderr, step, stepParts, false)
	}
	s.bar.Set(int64(part * stepParts))
}

func (s *stepBar) finish() {
	if s.bar != nil {
		s.bar.Finish()
	}
}
