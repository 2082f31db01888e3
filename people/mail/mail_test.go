package mail

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// server is an SMTP server and what it received.
type server struct {
	mu       sync.Mutex
	login    string
	from, to string
	message  []byte
	secure   bool
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

type session struct {
	*server
	conn *smtp.Conn
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "p@ss" {
			return smtp.ErrAuthFailed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.login = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, Message: "no such box"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, s.secure = s.conn.TLSConnectionState()
	s.message, err = io.ReadAll(r)
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// start runs the server and returns its address and who vouches for it.
func start(t *testing.T, withTLS, implicit bool) (*server, string, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	b := &server{}
	s := smtp.NewServer(b)
	s.Domain, s.AllowInsecureAuth = "127.0.0.1", true
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if withTLS {
		s.TLSConfig = config
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if implicit {
		l = tls.NewListener(l, config)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return b, address, pool
}

func TestSend(t *testing.T) {
	for name, tc := range map[string]struct {
		scheme         string
		tls, implicit  bool
		trusted, plain bool
		ok             bool
	}{
		"STARTTLS":                      {"smtp", true, false, true, false, true},
		"TLS from the first byte":       {"smtps", true, true, true, false, true},
		"a certificate of nobody":       {"smtp", true, false, false, false, false},
		"no TLS":                        {"smtp", false, false, true, false, false},
		"no TLS, on this machine":       {"smtp", false, false, true, true, true},
		"smtps where nobody speaks TLS": {"smtps", false, false, true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, address, pool := start(t, tc.tls, tc.implicit)
			s, err := New(tc.scheme+"://city:p%40ss@"+address, "格物 <gewu@city.example>", time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if s.plain = tc.plain; tc.trusted {
				s.tls.RootCAs = pool
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			text := "请打开以下链接：\r\n\r\nhttps://city.example/account/reset#gewul_" + strings.Repeat("x", 120) + "\r\n.\r\n"
			err = s.Send(ctx, "ming@example.org", "gewu: 重设密码", text)
			if (err == nil) != tc.ok {
				t.Fatalf("%v", err)
			}
			if !tc.ok {
				if b.message != nil {
					t.Error("the text was sent although it may not")
				}
				if strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "p%40ss") {
					t.Errorf("the error holds the password: %v", err)
				}
				return
			}
			m, err := mail.ReadMessage(bytes.NewReader(b.message))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(text) {
				t.Errorf("%q, %v", got, err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject != "gewu: 重设密码" || b.login != "city" || b.to != "ming@example.org" || b.from != "gewu@city.example" || b.secure != tc.tls {
				t.Errorf("%q, %+v", subject, b)
			}
		})
	}
}

func TestSendFails(t *testing.T) {
	_, address, _ := start(t, false, false)
	s, err := New("smtp://"+address, "gewu@city.example", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), "nobody@example.org", "x", "y"); err == nil || !strings.Contains(err.Error(), "no such box") {
		t.Errorf("%v", err)
	}
	for _, to := range []string{"", "a\r\nBcc: b@example.org", "a@example.org, b@example.org"} {
		if err := s.Send(t.Context(), to, "x", "y"); err == nil {
			t.Errorf("%q is taken", to)
		}
	}
	// A server that says nothing is given up.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if s, err = New("smtp://"+l.Addr().String(), "gewu@city.example", time.Now); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Send(ctx, "ming@example.org", "x", "y"); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func TestNew(t *testing.T) {
	for _, server := range []string{"", "mail.example", "http://mail.example", "smtp://u:secret@mail.example:587/path", "smtp://u:sec ret@%zz"} {
		if _, err := New(server, "gewu@city.example", time.Now); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sec ret") {
			t.Errorf("%q: %v", server, err)
		}
	}
	if _, err := New("smtp://mail.example", "gewu", time.Now); err == nil {
		t.Error("a sender without an address is taken")
	}
}

// TestLetter sends a letter twice: it is the same for programs that read mail, and one click unsubscribes.
func TestLetter(t *testing.T) {
	b, address, _ := start(t, false, false)
	s, err := New("smtp://"+address, "gewu@city.example", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s.plain = true
	headers := func(l *Letter) mail.Header {
		t.Helper()
		l.To = "ming@example.org"
		if err := s.Post(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(b.message))
		if err != nil {
			t.Fatal(err)
		}
		return m.Header
	}
	letter := &Letter{Subject: "x", Text: "y", ID: "5f3a", Unsubscribe: "https://city.example/v1/unsubscribe/a.b"}
	for range 2 {
		h := headers(letter)
		for name, want := range map[string]string{
			"Message-ID": "<5f3a@city.example>", "List-Unsubscribe": "<https://city.example/v1/unsubscribe/a.b>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
	one, two := headers(&Letter{Subject: "x"}), headers(&Letter{Subject: "x"})
	if one.Get("Message-ID") == two.Get("Message-ID") || one.Get("List-Unsubscribe") != "" {
		t.Errorf("%v %v", one, two)
	}
	for _, l := range []*Letter{{ID: "a>\r\nBcc: b@example.org"}, {Unsubscribe: "https://city.example/\r\nBcc: b@example.org"}, {Unsubscribe: "https://city.example/a b"}} {
		l.To = "ming@example.org"
		if err := s.Post(t.Context(), l); err == nil {
			t.Errorf("%+v is taken", l)
		}
	}
}
