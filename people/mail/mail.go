// Package mail sends short texts over SMTP.
package mail

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Sender sends by one server. It is safe for concurrent use.
type Sender struct {
	host, address  string
	user, password string
	from           *mail.Address
	implicit       bool // TLS from the first byte
	plain          bool // no TLS needed: the server is on this machine
	now            func() time.Time
	tls            *tls.Config
}

// New reads an address such as smtp://user:password@mail.example:587 (STARTTLS, which must be offered unless the server is
// on this machine) or smtps://… (TLS from the first byte), and who mail comes from.
func New(server, from string, now func() time.Time) (*Sender, error) {
	// Never with the address in the error: it holds a password.
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("mail: the server must be given as smtp://user:password@host:port or smtps://…, with signs in the password as %xx")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: from %q: must be an address such as \"gewu <gewu@city.example>\"", from)
	}
	s := &Sender{host: u.Hostname(), from: sender, implicit: u.Scheme == "smtps", now: now, tls: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	port := u.Port()
	switch {
	case port != "":
	case s.implicit:
		port = "465"
	default:
		port = "587"
	}
	s.address = net.JoinHostPort(s.host, port)
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	ip := net.ParseIP(s.host)
	s.plain = s.host == "localhost" || ip != nil && ip.IsLoopback()
	return s, nil
}

// printable is what may stand between < and > in a header.
var printable = regexp.MustCompile(`^[!-;=?-~]*$`)

// Letter is a text to one address.
type Letter struct {
	To, Subject, Text string
	// ID is the left part of the Message-ID: a letter that is sent again has it again, so that programs show it once. Without
	// it one is made.
	ID string
	// Unsubscribe is an address of the web where one POST ends what such letters are sent for (RFC 8058), empty for none.
	Unsubscribe string
}

// Send sends a text to one address. It gives up when ctx ends.
func (s *Sender) Send(ctx context.Context, to, subject, text string) error {
	return s.Post(ctx, &Letter{To: to, Subject: subject, Text: text})
}

// Post sends a letter. It gives up when ctx ends.
func (s *Sender) Post(ctx context.Context, l *Letter) (err error) {
	recipient, err := mail.ParseAddress(l.To)
	if err != nil {
		return fmt.Errorf("mail: recipient: %w", err)
	}
	if !printable.MatchString(l.ID) || !printable.MatchString(l.Unsubscribe) {
		return errors.New("mail: an id or an address to unsubscribe has signs that a header cannot hold")
	}
	message, err := s.message(recipient, l)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if s.implicit {
		conn = tls.Client(conn, s.tls)
	}
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return errors.Join(fmt.Errorf("mail: %s: %w", s.address, err), conn.Close())
	}
	defer func() { _ = c.Close() }()
	if err := s.deliver(c, recipient.Address, message); err != nil {
		return fmt.Errorf("mail: %s: %w", s.address, err)
	}
	return nil
}

func (s *Sender) deliver(c *smtp.Client, to string, message []byte) error {
	if !s.implicit {
		switch offered, _ := c.Extension("STARTTLS"); {
		case offered:
			if err := c.StartTLS(s.tls); err != nil {
				return err
			}
		case !s.plain:
			return errors.New("the server offers no TLS (STARTTLS), and links may not be sent in the open")
		}
	}
	if s.user != "" {
		if err := c.Auth(smtp.PlainAuth("", s.user, s.password, s.host)); err != nil {
			return err
		}
	}
	if err := c.Mail(s.from.Address); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// message is the text with its header (RFC 5322), in UTF-8 as quoted-printable.
func (s *Sender) message(to *mail.Address, l *Letter) ([]byte, error) {
	id := l.ID
	if id == "" {
		made := make([]byte, 16)
		if _, err := rand.Read(made); err != nil {
			return nil, err
		}
		id = hex.EncodeToString(made)
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	header := [][2]string{
		{"From", s.from.String()},
		{"To", to.String()},
		{"Subject", mime.BEncoding.Encode("utf-8", l.Subject)},
		{"Date", s.now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + id + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no answering machine answers
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	}
	if l.Unsubscribe != "" {
		header = append(header, [2]string{"List-Unsubscribe", "<" + l.Unsubscribe + ">"}, [2]string{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"})
	}
	var b bytes.Buffer
	for _, line := range header {
		fmt.Fprintf(&b, "%s: %s\r\n", line[0], line[1])
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	if _, err := q.Write([]byte(l.Text)); err != nil {
		return nil, err
	}
	if err := q.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
