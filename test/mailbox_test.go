package test

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// letter is a mail that came.
type letter struct {
	to, subject, text string
	header            mail.Header
}

// mailbox is a mail server that keeps what it gets.
type mailbox struct {
	address string

	mu      sync.Mutex
	letters []letter
}

// startMailbox runs a mail server on this machine until the test ends.
func startMailbox(t *testing.T) *mailbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailbox{address: l.Addr().String()}
	server := smtp.NewServer(m)
	server.Domain = "localhost"
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return m
}

// NewSession takes mail from anybody.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{mailbox: m}, nil }

// to are the mails to an address, subject and text.
func (m *mailbox) to(address string) (all []string) {
	for _, l := range m.got(address) {
		all = append(all, l.subject+"\n"+l.text)
	}
	return all
}

func (m *mailbox) got(address string) (all []letter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.letters), func(l letter) bool { return l.to != address })
}

type delivery struct {
	*mailbox
	recipient string
}

func (d *delivery) Mail(string, *smtp.MailOptions) error      { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error { d.recipient = to; return nil }
func (d *delivery) Reset()                                    {}
func (d *delivery) Logout() error                             { return nil }
func (d *delivery) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.letters = append(d.letters, letter{d.recipient, subject, string(body), parsed.Header})
	return nil
}
