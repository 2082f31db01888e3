package exchange

import (
	"cmp"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases"
)

// Words are what people call what was done, and where the case stands.
type Words struct{ Action, State map[string]string }

// Compose is what a peer is told of the last of the events of a case, which are all up to it. After is the number of the message
// before, self the name of this platform, due when the case is to be done. Files have no content yet: see [Message.Files].
func Compose(p *Peer, k Kind, events []*cases.Event, after int, self string, due time.Time, words Words) (*Message, error) {
	c, err := cases.Fold(events...)
	if err != nil {
		return nil, err
	}
	last := events[len(events)-1]
	m := &Message{
		Version: Version, Kind: k, Case: c.ID, Number: last.Number, After: after, At: last.At, Yours: c.Peers[p.ID].Number,
		Action: words.Action, State: words.State, Text: cmp.Or(last.Form.Reason, last.Form.Note),
	}
	switch k {
	case Hand:
		m.hand(c, events, self)
		if m.Due = due; !last.Form.Until.IsZero() {
			m.Due = last.Form.Until
		}
	case Result:
		m.result(p, events)
	case Attach:
		m.take("before", last.Form.Before)
		m.take("after", last.Form.After)
		m.take("voice", last.Form.Voice)
	case Return, Press:
		m.Due = last.Form.Until
		m.take("before", last.Form.Before)
		// Whoever checks photographs what is not right: it is the picture from before for those who do it again.
		m.take("before", last.Form.After)
	case Ping, Progress, Refuse, Close:
	}
	return m, nil
}

// hand is what is said of a case that is handed over: the matter, and nothing of who reported it.
func (m *Message) hand(c *cases.Case, events []*cases.Event, self string) {
	m.Source, m.Private = c.Source, c.Private
	if c.Class.Code != "" {
		m.Class = &cases.Class{Edition: c.Class.Edition, Kind: c.Class.Kind, Code: c.Class.Code}
	}
	for _, e := range events {
		m.Description, m.Address = cmp.Or(e.Form.Description, m.Description), cmp.Or(e.Form.Address, m.Address)
		m.take("before", e.Form.Before)
		for _, p := range c.Peers {
			if p.Theirs {
				m.Trail = p.Trail
			}
		}
	}
	if p := c.Place(); p != nil {
		m.Address = cmp.Or(p.Address, m.Address)
		if p.Point != nil {
			m.Point = &cases.Position{Lon: p.Point.Lon, Lat: p.Point.Lat, Accuracy: p.Point.Accuracy}
		}
	}
	m.Trail = append(slices.Clip(m.Trail), self)
}

// result is what was done since the other side handed the case over, or gave it back.
func (m *Message) result(p *Peer, events []*cases.Event) {
	for _, e := range slices.Backward(events) {
		if p.sent(e) && (e.Number == 1 || Kind(e.Via.Kind) == Return) {
			break
		}
		if _, told := p.Theirs.Send[e.Action]; told {
			m.Text = cmp.Or(m.Text, e.Form.Note)
		}
		if len(m.Quantity) == 0 {
			m.Quantity = e.Form.Quantity
		}
		m.take("after", e.Form.After)
	}
}

func (m *Message) take(field string, files []cases.File) {
	for _, f := range files {
		same := func(have File) bool { return have.SHA256 == f.Hash && have.Field == field }
		if len(m.Files) < MaxFiles && !slices.ContainsFunc(m.Files, same) {
			m.Files = append(m.Files, File{Field: field, SHA256: f.Hash, Type: f.Type, Taken: f.Taken, Note: f.Note})
		}
	}
}
