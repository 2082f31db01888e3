package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Open reads the files. It returns nil when no flag names any.
func (f Flags) Open(now func() time.Time, log *slog.Logger) (*Pair, error) {
	if f.TLSCert == "" {
		return nil, nil //nolint:nilnil // no TLS is no fault
	}
	p := &Pair{cert: f.TLSCert, key: f.TLSKey, now: now, log: log}
	var err error
	if p.stamp, err = p.stamps(); err != nil {
		return nil, err
	}
	if p.current, err = p.read(); err != nil {
		return nil, err
	}
	p.looked = now()
	return p, nil
}

// lookEvery is how often handshakes look at the files.
const lookEvery = time.Second

// Pair is a certificate with its key, as the files had them last in order. It is safe for concurrent use.
type Pair struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   stamp     // of the files as they were read last, in order or not
	looked  time.Time // when the stamps were read last
}

// stamp tells versions of the two files apart.
type stamp [2]struct {
	at   time.Time
	size int64
}

// Config is TLS 1.2 or later with the certificate of the moment of each handshake. Connections that are open stay.
func (p *Pair) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.get(), nil },
	}
}

func (p *Pair) get() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.looked) >= lookEvery {
		p.looked = now
		p.renew(false)
	}
	return p.current
}

// Reload reads the files again, changed or not.
func (p *Pair) Reload() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renew(true)
}

// renew takes what the files hold, when they have changed or always. What is not in order is told once, and the certificate
// stays the one it was: a program that writes the files may be between the two.
func (p *Pair) renew(always bool) {
	fresh, err := p.stamps()
	if err == nil && fresh == p.stamp && !always {
		return
	}
	if err != nil && p.stamp == (stamp{}) && !always {
		return // told before
	}
	p.stamp = fresh
	var c *tls.Certificate
	if err == nil {
		c, err = p.read()
	}
	if err != nil {
		p.log.Error("the new certificate is not in order; the one before is kept", "error", err, "until", p.current.Leaf.NotAfter)
		return
	}
	p.current = c
	p.log.Info("certificate read", "file", p.cert, "names", c.Leaf.DNSNames, "until", c.Leaf.NotAfter)
}

// stamps is zero with an error.
func (p *Pair) stamps() (s stamp, err error) {
	for i, name := range []string{p.cert, p.key} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp{}, p.missing(i, err)
		}
		s[i].at, s[i].size = info.ModTime(), info.Size()
	}
	return s, nil
}

func (p *Pair) missing(i int, err error) error {
	flag, name := "--tls-cert", p.cert
	if i == 1 {
		flag, name = "--tls-key", p.key
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s %s: there is no such file", flag, name)
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// read reads both files. A certificate whose time is over or has not come is served, as it is better than none, and told.
func (p *Pair) read() (*tls.Certificate, error) {
	certText, err := os.ReadFile(p.cert)
	if err != nil {
		return nil, p.missing(0, err)
	}
	keyText, err := os.ReadFile(p.key)
	if err != nil {
		return nil, p.missing(1, err)
	}
	c, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s and --tls-key %s are not a certificate (PEM, the server's own first) and its private key: %w", p.cert, p.key, err)
	}
	if now := p.now(); now.After(c.Leaf.NotAfter) || now.Before(c.Leaf.NotBefore) {
		p.log.Warn("browsers refuse the certificate: its time is not now", "file", p.cert, "from", c.Leaf.NotBefore, "until", c.Leaf.NotAfter)
	}
	return &c, nil
}

// Run reloads at SIGHUP until ctx ends.
func (p *Pair) Run(ctx context.Context) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-asked:
			p.Reload()
		}
	}
}
