package door

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// issue makes a certificate that vouches for itself.
func issue(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// files are a pair on disk with a clock that tests turn.
type files struct {
	t     *testing.T
	flags Flags
	mu    sync.Mutex
	now   time.Time
	log   bytes.Buffer
}

func newFiles(t *testing.T) *files {
	t.Helper()
	dir := t.TempDir()
	return &files{t: t, flags: Flags{TLSCert: filepath.Join(dir, "cert.pem"), TLSKey: filepath.Join(dir, "key.pem")}, now: time.Now()}
}

func (f *files) put(cert, key []byte) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(2 * lookEvery)
	for name, text := range map[string][]byte{f.flags.TLSCert: cert, f.flags.TLSKey: key} {
		if text == nil {
			if err := os.Remove(name); err != nil {
				f.t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			f.t.Fatal(err)
		}
		if err := os.Chtimes(name, f.now, f.now); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *files) later() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(2 * lookEvery)
}

func (f *files) open() (*Pair, error) {
	clock := func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.now
	}
	return f.flags.Open(clock, slog.New(slog.NewTextHandler(&f.log, nil)))
}

// shake connects and returns the name in the server's certificate. The connection stays open.
func shake(t *testing.T, address string, c *tls.Config) (*tls.Conn, string) {
	t.Helper()
	d := tls.Dialer{Config: c}
	conn, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	secure := conn.(*tls.Conn) //nolint:forcetypeassert // what a tls.Dialer dials
	return secure, secure.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// TestReload renews, breaks and mends a certificate while connections are open.
func TestReload(t *testing.T) {
	f := newFiles(t)
	first, firstKey := issue(t, "first.example")
	f.put(first, firstKey)
	p, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	plain, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := tls.NewListener(plain, p.Config())
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { _ = l.Close() })
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { // echoes
				defer c.Close()
				b := make([]byte, 1)
				for {
					if _, err := c.Read(b); err != nil {
						return
					}
					if _, err := c.Write(b); err != nil {
						return
					}
				}
			})
		}
	})
	client := &tls.Config{InsecureSkipVerify: true}
	open, name := shake(t, l.Addr().String(), client)
	if name != "first.example" {
		t.Fatal(name)
	}
	second, secondKey := issue(t, "second.example")
	for _, step := range []struct {
		what      string
		cert, key []byte
		name      string
		logged    string
	}{
		{"renewed", second, secondKey, "second.example", "certificate read"},
		{"between the two files", first, secondKey, "second.example", "the one before is kept"},
		{"no certificate", []byte("rubbish"), firstKey, "second.example", "are not a certificate"},
		{"gone", nil, firstKey, "second.example", "there is no such file"},
		{"in order again", first, firstKey, "first.example", "certificate read"},
	} {
		f.log.Reset()
		f.put(step.cert, step.key)
		for range 3 {
			if _, name := shake(t, l.Addr().String(), client); name != step.name {
				t.Errorf("%s: %s answers, want %s", step.what, name, step.name)
			}
			f.later()
		}
		if !strings.Contains(f.log.String(), step.logged) || strings.Count(f.log.String(), "\n") != 1 {
			t.Errorf("%s: the log has\n%s", step.what, &f.log)
		}
		if _, err := open.Write([]byte("x")); err != nil {
			t.Errorf("%s: the open connection: %v", step.what, err)
		}
		if _, err := open.Read(make([]byte, 1)); err != nil {
			t.Errorf("%s: the open connection: %v", step.what, err)
		}
	}
	old := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}
	if c, err := old.DialContext(t.Context(), "tcp", l.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

// TestHangup renews at SIGHUP although the files look the same.
func TestHangup(t *testing.T) {
	f := newFiles(t)
	cert, key := issue(t, "one.example")
	f.put(cert, key)
	p, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	before := p.get()
	ctx, cancel := context.WithCancel(t.Context())
	caught := make(chan os.Signal, 1) // so that the signal never ends the test
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for end := time.Now().Add(10 * time.Second); p.get() == before && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	if p.get() == before {
		t.Error("the files were not read again")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestMessages starts with files that are not in order.
func TestMessages(t *testing.T) {
	cert, key := issue(t, "a.example")
	_, other := issue(t, "b.example")
	for want, pair := range map[string][2][]byte{
		"--tls-cert": {nil, key}, "--tls-key": {cert, nil}, "private key does not match": {cert, other}, "failed to find any PEM data": {[]byte("x"), key},
	} {
		f := newFiles(t)
		f.put(cert, key)
		f.put(pair[0], pair[1])
		if _, err := f.open(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Dir(f.flags.TLSKey)) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, f := range []Flags{{TLSCert: "a"}, {TLSKey: "a"}} {
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), "needs") {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if p, err := (Flags{}).Open(time.Now, slog.New(slog.DiscardHandler)); p != nil || err != nil {
		t.Error(p, err)
	}
}
