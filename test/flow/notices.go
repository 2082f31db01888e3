package flow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// told is a message as the server shows it.
type told struct {
	Kind, To, Event, Subject, Text string
	Made                           time.Time
	State                          string
}

// String is who was told what on which way, when, and in which words.
func (m *told) String() string {
	return fmt.Sprintf("%s: %s %s at %s says %s", m.To, m.Event, m.Kind, m.Made.Format(layout), m.Subject+" / "+m.Text)
}

// notices looks at who was told of a case:
//
//	? told organisation:water-bureau = dispatch live at 2026-11-02 09:20 says 派遣
//	? told organisation:gas = nothing
//	? count organisation:water-bureau = 3
//	? mail li@city.example = 已超时
//
// In what is told, the way, the time and the words may be left out; all words must be in the subject or in the text. Messages
// for subscriptions are those of whoever looks, to person:ID.
func (t *tale) notices(ctx context.Context, s *Step) error {
	id, ok := t.id(s.Case)
	if !ok {
		return errors.New("nobody has begun this case")
	}
	for looks := 1; ; looks++ {
		err := t.looked(ctx, s, id)
		if err == nil || looks == mostLooks {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// Messages are made right after what they tell of: a look that fails is taken again after a pause, for 15 s in all.
const (
	mostLooks = 300
	pause     = 50 * time.Millisecond
)

// looked takes one look at the messages of a case.
func (t *tale) looked(ctx context.Context, s *Step, id string) error {
	var list struct {
		Notices []told `json:"notices"`
	}
	err := t.send(ctx, s.User, http.MethodGet, "/v1/cases/"+url.PathEscape(id)+"/notices", nil, &list)
	if ended, err := refused(s, err); ended {
		return err
	}
	for i := range list.Notices {
		list.Notices[i].Made = list.Notices[i].Made.In(t.now.Location())
	}
	for _, c := range s.Checks {
		switch c.Fact {
		case "told":
			err = t.told(&c, list.Notices)
		case "count":
			n := 0
			for i := range list.Notices {
				if c.Of == "" || list.Notices[i].To == c.Of {
					n++
				}
			}
			if strconv.Itoa(n) != c.Want {
				err = fmt.Errorf("it is %d: %s", n, all(list.Notices))
			}
		case "mail":
			err = t.mailed(ctx, &c)
		default:
			err = errors.New("what is expected here is ? told WHOM = …, ? count WHOM = … or ? mail ADDRESS = …")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	return nil
}

func all(list []told) string {
	lines := make([]string, len(list))
	for i := range list {
		lines[i] = list[i].String()
	}
	return "there are:\n" + strings.Join(lines, "\n")
}

// told compares what is expected of one recipient with the messages to them.
func (t *tale) told(c *Check, list []told) error {
	var to []told
	for i := range list {
		if list[i].To == c.Of {
			to = append(to, list[i])
		}
	}
	if c.Want == "nothing" {
		if len(to) > 0 {
			return errors.New("they were told; " + all(to))
		}
		return nil
	}
	rest, words, _ := strings.Cut(c.Want, " says ")
	rest, when, timed := strings.Cut(rest, " at ")
	event, kind, _ := strings.Cut(rest, " ")
	if timed {
		if _, err := time.Parse(layout, when); err != nil {
			return fmt.Errorf("%q must be a time as 2026-11-02 09:00", when)
		}
	}
	for i := range to {
		m := &to[i]
		if m.Event == event && (kind == "" || m.Kind == kind) && (!timed || m.Made.Format(layout) == when) && says(m.Subject+"\n"+m.Text, words) {
			return nil
		}
	}
	return errors.New("they were not; " + all(list))
}

// says reports whether all words are in a text.
func says(text, words string) bool {
	for w := range strings.FieldsSeq(words) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// mailLooks and mailPause are how often one looks whether a mail has come, and how long one waits in between: 20 s in all.
const (
	mailLooks = 1000
	mailPause = 20 * time.Millisecond
)

// mailed waits for a mail with some words.
func (t *tale) mailed(ctx context.Context, c *Check) error {
	if t.Mail == nil {
		return errors.New("this city sends no mail")
	}
	var got []string
	for look := 0; look < mailLooks && ctx.Err() == nil; look++ {
		time.Sleep(mailPause)
		got = t.Mail(c.Of)
		for _, mail := range got {
			if says(mail, c.Want) {
				return nil
			}
		}
	}
	return fmt.Errorf("there are:\n%s", strings.Join(got, "\n"))
}

// subscribe asks to be told of a case: channel is live, or mail and an address; lang and events may be said.
func (t *tale) subscribe(ctx context.Context, s *Step) error {
	id, ok := t.id(s.Case)
	if !ok {
		return errors.New("nobody has begun this case")
	}
	channel := map[string]string{"kind": "live"}
	body := map[string]any{"case": id, "channel": channel}
	for _, f := range s.Form {
		switch f.Name {
		case "channel":
			kind, address, _ := strings.Cut(f.Value, " ")
			channel["kind"] = kind
			if address != "" {
				channel["address"] = address
			}
		case "events":
			body["events"] = strings.Fields(f.Value)
		case "lang":
			body["lang"] = f.Value
		default:
			return fmt.Errorf("%s: a subscription has channel, lang and events", f.Name)
		}
	}
	err := t.send(ctx, s.User, http.MethodPost, "/v1/subscriptions", body, nil)
	if ended, err := refused(s, err); ended {
		return err
	}
	return nil
}
