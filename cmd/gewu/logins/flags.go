// Package logins holds what the command line says about logins: the flags of servers, and the commands user and key.
package logins

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/people/mail"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/auth/openid"
)

// File is the name of the file of accounts in the data folder.
const File = "people.db"

// Flags are those of servers about logins.
type Flags struct {
	PublicURL   string        `help:"Address by which people reach the server, as in https://city.example; for links in mail, and so that cookies are sent over TLS only." placeholder:"URL" env:"GEWU_PUBLIC_URL"`
	Proxy       []string      `help:"Addresses or networks of reverse proxies whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed." aliases:"trusted-proxy" placeholder:"CIDR,…" env:"GEWU_PROXY"`
	SMTP        string        `name:"smtp" help:"Server for mail: smtp://user:password@host:587, or smtps://…. Better given as GEWU_SMTP, because other users of the machine can see flags." placeholder:"URL" env:"GEWU_SMTP"`
	MailFrom    string        `help:"Sender of mail." placeholder:"ADDRESS" env:"GEWU_MAIL_FROM"`
	OpenID      string        `name:"openid" help:"File (TOML) with OpenID providers and what their groups may do." placeholder:"FILE" type:"existingfile" env:"GEWU_OPENID"`
	SessionIdle time.Duration `help:"A login that is not used for so long ends." default:"1h" env:"GEWU_SESSION_IDLE"`
	SessionAge  time.Duration `help:"A login ends after so long at the latest." default:"24h" env:"GEWU_SESSION_AGE"`
}

// Validate refuses what cannot be.
func (f Flags) Validate() error {
	if f.PublicURL != "" {
		if u, err := url.Parse(f.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("--public-url %q: must be an address such as https://city.example", f.PublicURL)
		}
	}
	if f.SMTP != "" && (f.PublicURL == "" || f.MailFrom == "") {
		return errors.New("--smtp needs --public-url, which stands in the links, and --mail-from")
	}
	if f.SessionIdle < 0 || f.SessionAge < 0 {
		return errors.New("--session-idle and --session-age must be longer than nothing")
	}
	_, err := f.proxies()
	return err
}

func (f Flags) proxies() (all []netip.Prefix, err error) {
	for _, text := range f.Proxy {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("--proxy %q: must be an address or a network such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}

// Open opens the accounts of a data folder.
func (f Flags) Open(dir string, now func() time.Time) (*account.Store, error) {
	return account.OpenFile(filepath.Join(dir, File), account.Options{Now: now, Idle: f.SessionIdle, Age: f.SessionAge})
}

// Config is what a server is told. address is how people on this machine reach it.
func (f Flags) Config(store *account.Store, address string, demo bool, now func() time.Time) (c auth.Config, err error) {
	c = auth.Config{Store: store, Demo: demo, Address: address}
	for _, p := range people.Permissions() {
		c.Permissions = append(c.Permissions, string(p))
	}
	if c.Proxies, err = f.proxies(); err != nil {
		return c, err
	}
	if f.SMTP != "" {
		if c.Post, err = mail.New(f.SMTP, f.MailFrom, now); err != nil {
			return c, err
		}
	}
	c.Providers, err = f.providers()
	return c, err
}

// providers reads the file of OpenID providers.
func (f Flags) providers() (all []auth.Provider, err error) {
	if f.OpenID == "" {
		return nil, nil
	}
	var file struct {
		Providers []openid.Config `toml:"providers"`
	}
	meta, err := toml.DecodeFile(f.OpenID, &file)
	if err != nil {
		return nil, fmt.Errorf("--openid %s: %w", f.OpenID, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("--openid %s: unknown key %s", f.OpenID, unknown[0])
	}
	seen := map[string]bool{}
	for _, p := range file.Providers {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("--openid %s: %w", f.OpenID, err)
		}
		if seen[p.Name] {
			return nil, fmt.Errorf("--openid %s: name %q is there twice", f.OpenID, p.Name)
		}
		seen[p.Name] = true
		all = append(all, openid.New(p))
	}
	return all, nil
}

// Local is how people on this machine reach a server that listens on an address.
func Local(listen string) string {
	addr, err := netip.ParseAddrPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if addr.Addr().IsUnspecified() || addr.Addr() == netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		return fmt.Sprintf("http://localhost:%d", addr.Port())
	}
	return "http://" + strings.TrimSuffix(addr.String(), "/")
}
