package adapters

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"

	"github.com/gewu-city/gewu/cases/notice"
)

// Mailer sends a text to one address, as people/mail does. Its errors wrap the *textproto.Error of the mail server.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// Mail sends messages as mail.
type Mail struct {
	Mailer Mailer
	// Address is where whoever a channel names reads mail; false if nowhere any more.
	Address func(ctx context.Context, name string) (string, bool)
	// Text is what a message says.
	Text func(m *notice.Message) (subject, text string)
}

// Send sends one message. Addresses that the mail server does not know (codes 550 to 553) are refused for good, everything
// else may be tried again.
func (s *Mail) Send(ctx context.Context, m *notice.Message) Outcome {
	to, ok := s.Address(ctx, m.Channel.Address)
	if !ok {
		return Outcome{What: notice.Refused, Why: "nobody reads mail there any more"}
	}
	subject, text := s.Text(m)
	err := s.Mailer.Send(ctx, to, subject, text)
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
