package adapters

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/people/mail"
)

// Mailer sends a letter, as people/mail does. Its errors wrap the *textproto.Error of the mail server.
type Mailer interface {
	Post(ctx context.Context, l *mail.Letter) error
}

// Mail sends messages as mail.
type Mail struct {
	Mailer Mailer
	// Address is where whoever a channel names reads mail; false if nowhere any more.
	Address func(ctx context.Context, name string) (string, bool)
	// Text is what a message says.
	Text func(m *notice.Message) (subject, text string)
	// ID is the left part of the Message-ID of a message, the same whenever it is sent.
	ID func(message string) string
	// Unsubscribe is where whoever gets a message ends the subscription that it is for; nil, or empty, for nowhere.
	Unsubscribe func(m *notice.Message) string
}

// Send sends one message. Addresses that the mail server does not know (codes 550 to 553) are refused for good, everything
// else may be tried again.
func (s *Mail) Send(ctx context.Context, m *notice.Message) Outcome {
	to, ok := s.Address(ctx, m.Channel.Address)
	if !ok {
		return Outcome{What: notice.Refused, Why: "nobody reads mail there any more"}
	}
	letter := mail.Letter{To: to}
	letter.Subject, letter.Text = s.Text(m)
	if s.ID != nil {
		letter.ID = s.ID(m.ID)
	}
	if s.Unsubscribe != nil {
		letter.Unsubscribe = s.Unsubscribe(m)
	}
	err := s.Mailer.Post(ctx, &letter)
	if err == nil {
		return Outcome{What: notice.Delivered}
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		out := Outcome{What: notice.Failed, Why: fmt.Sprintf("the mail server answers %d", answer.Code)}
		if answer.Code >= 550 && answer.Code <= 553 {
			out.What = notice.Refused
		}
		return out
	}
	return failure(err, "the mail server is not reached")
}
