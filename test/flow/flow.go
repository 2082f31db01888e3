// Package flow has the stories of profiles as text: who does what at which time, and what is expected of the city then. A
// story is parsed here and played against a server that runs.
//
//	story A missing cover
//	begin 2026-11-02 09:00
//
//	# A step is USER ACTION $CASE -> STATE. A case that was not named before begins with the step.
//	li report $cover -> submitted
//	    source = collector
//	    class = part 0102
//	    point = 116.4014 39.9490
//	    ? owner = water-bureau
//
//	after 20m
//	chen take $cover refused wrong-post
//	qian notices $cover
//	    ? told organisation:water-bureau = dispatch live at 2026-11-02 09:20 says 派遣
package flow

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Zone is where the times of stories are.
const Zone = "Asia/Shanghai"

// Story is what happens, in order.
type Story struct {
	Title string
	// Begin is when it begins.
	Begin time.Time
	Steps []Step
}

// Step is one line of a story with those that belong to it.
type Step struct {
	Line int
	// At or After, when not zero, moves the clock; nothing else is set then.
	At    time.Time
	After time.Duration
	// User is who acts, by login; Public for somebody who is not logged in.
	User string
	// Verb is an action of the process, or one of Look, Inbox and Alike.
	Verb string
	// Case is the name of a case without its $, with the numbers of parts: cover, cover.1.
	Case string
	// By is POST@ORGANISATION, for users with several posts.
	By string
	// State is where the case stands afterwards; Refused why it does not come to that: the name of a refusal or a status.
	State, Refused string
	// Form is what is filled in.
	Form []Pair
	// Checks are what is seen of the case then.
	Checks []Check
}

// Pair is a field with what is filled in.
type Pair struct{ Name, Value string }

// Check is what is expected of a fact; Of says of which, as the level of an area.
type Check struct {
	Line     int
	Fact, Of string
	Want     string
}

// Public is the user who is not logged in.
const Public = "public"

// The verbs that are no actions: looking at a case, at an inbox, at what a report may say again, at who was told of a case, and
// asking to be told of one, and reminding who gave no receipt.
const (
	Look      = "look"
	Inbox     = "inbox"
	Alike     = "alike"
	Notices   = "notices"
	Subscribe = "subscribe"
	Remind    = "remind"
)

// Bounds of stories.
const (
	maxText  = 1 << 20
	maxSteps = 10_000
)

// SyntaxError is a line that cannot be read.
type SyntaxError struct {
	Line int
	Text string
	Why  string
}

// Error is "line 7: why (text)".
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s (%q)", e.Line, e.Why, e.Text) }

var (
	word     = `[\p{L}\p{N}][\p{L}\p{N}._-]*`
	stepLine = regexp.MustCompile(`^(` + word + `) (` + word + `)(?: \$(` + word + `))?(?: by (` + word + `@` + word + `))?(?: (->|refused) (` + word + `))?$`)
	pairLine = regexp.MustCompile(`^(` + word + `) = (\S.*)$`)
	factLine = regexp.MustCompile(`^\? (` + word + `)(?: (\$?` + word + `(?:[:@]` + word + `)?))? = (\S.*)$`)
)

// layout is how times are written.
const layout = "2006-01-02 15:04"

// Parse reads a story. The error is a *SyntaxError.
func Parse(text string) (*Story, error) {
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		return nil, err
	}
	p := parser{zone: zone, story: &Story{}}
	if len(text) > maxText {
		return nil, &SyntaxError{1, "", fmt.Sprintf("a story has at most %d bytes", maxText)}
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.line++
		if err := p.read(strings.TrimSuffix(line, "\r")); err != nil {
			return nil, err
		}
	}
	if p.story.Title == "" || p.story.Begin.IsZero() {
		return nil, &SyntaxError{p.line, "", "a story has a title and a begin: story TITLE, begin 2026-11-02 09:00"}
	}
	return p.story, nil
}

type parser struct {
	zone  *time.Location
	line  int
	story *Story
}

func (p *parser) wrong(text, why string, args ...any) error {
	return &SyntaxError{p.line, text, fmt.Sprintf(why, args...)}
}

func (p *parser) read(line string) error {
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' {
		return nil
	}
	if line[0] == ' ' || line[0] == '\t' {
		return p.detail(text)
	}
	first, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch first {
	case "story":
		if p.story.Title != "" || rest == "" {
			return p.wrong(text, "a story has one title")
		}
		p.story.Title = rest
		return nil
	case "begin":
		at, err := time.ParseInLocation(layout, rest, p.zone)
		if err != nil || !p.story.Begin.IsZero() || len(p.story.Steps) > 0 {
			return p.wrong(text, "a story begins once, before all steps, at a time as 2026-11-02 09:00")
		}
		p.story.Begin = at
		return nil
	}
	if p.story.Begin.IsZero() {
		return p.wrong(text, "stands before the begin of the story")
	}
	if len(p.story.Steps) == maxSteps {
		return p.wrong(text, "a story has at most %d steps", maxSteps)
	}
	s := Step{Line: p.line}
	var err error
	switch first {
	case "at":
		if s.At, err = time.ParseInLocation(layout, rest, p.zone); err != nil {
			return p.wrong(text, "must be a time as 2026-11-02 09:00")
		}
	case "after":
		if s.After, err = span(rest); err != nil || s.After <= 0 {
			return p.wrong(text, "must be a time as 20m, 1h30m or 2d")
		}
	default:
		m := stepLine.FindStringSubmatch(text)
		if m == nil {
			return p.wrong(text, "must be USER ACTION $CASE [by POST@ORGANISATION] -> STATE, or refused NAME at its end")
		}
		s.User, s.Verb, s.Case, s.By = m[1], m[2], m[3], m[4]
		if m[5] == "refused" {
			s.Refused = m[6]
		} else {
			s.State = m[6]
		}
		switch {
		case (s.Verb == Inbox || s.Verb == Alike) != (s.Case == ""):
			return p.wrong(text, "inbox and alike name no case, everything else does")
		case s.Case == "" && m[5] != "":
			return p.wrong(text, "inbox and alike come to no state")
		case (s.Verb == Notices || s.Verb == Subscribe || s.Verb == Remind) && m[5] == "->":
			return p.wrong(text, "notices, subscribe and remind come to no state")
		case s.Case != "" && m[5] == "" && s.Verb != Notices && s.Verb != Subscribe && s.Verb != Remind:
			return p.wrong(text, "must end in -> STATE or refused NAME")
		}
	}
	p.story.Steps = append(p.story.Steps, s)
	return nil
}

// span reads 1h30m, or days as 2d.
func span(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > 3650 {
			return 0, strconv.ErrSyntax
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if d > 3650*24*time.Hour {
		return 0, strconv.ErrRange
	}
	return d, err
}

// detail reads a line that belongs to the step before.
func (p *parser) detail(text string) error {
	if len(p.story.Steps) == 0 {
		return p.wrong(text, "belongs to no step")
	}
	s := &p.story.Steps[len(p.story.Steps)-1]
	if s.User == "" {
		return p.wrong(text, "belongs to a step that only moves the clock")
	}
	if text[0] == '?' {
		m := factLine.FindStringSubmatch(text)
		if m == nil {
			return p.wrong(text, "must be ? FACT [OF] = WHAT")
		}
		if s.Refused != "" && s.Verb != Look {
			return p.wrong(text, "nothing is seen of a case where the step is refused")
		}
		s.Checks = append(s.Checks, Check{Line: p.line, Fact: m[1], Of: m[2], Want: m[3]})
		return nil
	}
	m := pairLine.FindStringSubmatch(text)
	if m == nil {
		return p.wrong(text, "must be FIELD = VALUE, or ? FACT = WHAT")
	}
	if s.Verb == Look || s.Verb == Inbox || s.Verb == Notices || s.Verb == Remind {
		return p.wrong(text, "nothing is filled in where somebody only looks")
	}
	s.Form = append(s.Form, Pair{m[1], m[2]})
	return nil
}

// String is the story as Parse reads it, without what it does not keep: comments and empty lines.
func (s *Story) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "story %s\nbegin %s\n", s.Title, s.Begin.Format(layout))
	for i := range s.Steps {
		step := &s.Steps[i]
		switch {
		case !step.At.IsZero():
			fmt.Fprintf(&b, "at %s\n", step.At.Format(layout))
			continue
		case step.After != 0:
			fmt.Fprintf(&b, "after %s\n", step.After)
			continue
		}
		fmt.Fprintf(&b, "%s\n", step)
		for _, f := range step.Form {
			fmt.Fprintf(&b, "    %s = %s\n", f.Name, f.Value)
		}
		for _, c := range step.Checks {
			fmt.Fprintf(&b, "    %s\n", c)
		}
	}
	return b.String()
}

// String is the line of the step.
func (s *Step) String() string {
	line := s.User + " " + s.Verb
	if s.Case != "" {
		line += " $" + s.Case
	}
	if s.By != "" {
		line += " by " + s.By
	}
	switch {
	case s.Refused != "":
		line += " refused " + s.Refused
	case s.State != "":
		line += " -> " + s.State
	}
	return line
}

// String is the line of the check.
func (c Check) String() string {
	if c.Of != "" {
		return fmt.Sprintf("? %s %s = %s", c.Fact, c.Of, c.Want)
	}
	return fmt.Sprintf("? %s = %s", c.Fact, c.Want)
}
