// Package openid has OpenID providers vouch for logins: authorisation code with PKCE, state and nonce (OpenID Connect Core
// 1.0, section 3.1; RFC 7636; RFC 9700).
package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
)

// Config is one provider as the configuration file names it.
type Config struct {
	// Name stands in addresses, Title on the page for logins.
	Name  string `toml:"name"`
	Title string `toml:"title"`
	// Issuer is the provider's address, without /.well-known.
	Issuer       string `toml:"issuer"`
	ClientID     string `toml:"client_id"`
	ClientSecret string `toml:"client_secret"`
	// Scopes are asked for beside openid; standard are profile and email.
	Scopes []string `toml:"scopes"`
	// LoginClaim names the person here (preferred_username), GroupsClaim the groups (groups).
	LoginClaim  string `toml:"login_claim"`
	GroupsClaim string `toml:"groups_claim"`
	// Match links an account of the same login at the first login, Create makes one for everybody whom the provider knows.
	Match  bool `toml:"match"`
	Create bool `toml:"create"`
	// Groups say what the groups bring with them.
	Groups []Group `toml:"groups"`
}

// Group is what one group of a provider brings with it: a post in an organisation, or everything.
type Group struct {
	Group         string `toml:"group"`
	Post          string `toml:"post"`
	Organisation  string `toml:"organisation"`
	Administrator bool   `toml:"administrator"`
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Check reports what is wrong with a configuration.
func (c Config) Check() error {
	u, err := url.Parse(c.Issuer)
	local := err == nil && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost")
	switch {
	case !namePattern.MatchString(c.Name):
		return fmt.Errorf("name %q: must be small letters, digits and hyphens, as in \"city\"", c.Name)
	case err != nil || u.Host == "" || u.Scheme != "https" && !local:
		return fmt.Errorf("issuer %q of %s: must be an address that begins with https://", c.Issuer, c.Name)
	case c.ClientID == "":
		return fmt.Errorf("client_id of %s: is missing; the provider gives it when gewu is registered there", c.Name)
	}
	for _, g := range c.Groups {
		if g.Group == "" || g.Post == "" == !g.Administrator {
			return fmt.Errorf("group %q of %s: needs either a post or administrator = true", g.Group, c.Name)
		}
	}
	return nil
}

// Provider is one provider. It is asked for its addresses and keys when the first login needs them, so that a server
// starts without it. It is safe for concurrent use.
type Provider struct {
	cfg    Config
	client *http.Client

	mu sync.Mutex
	// found is what the provider said of itself; nil before; guarded by mu.
	found *oidc.Provider
}

// patience is how long a provider may take to answer.
const patience = 10 * time.Second

// New returns a provider of a configuration that was checked.
func New(cfg Config) *Provider {
	if cfg.Title == "" {
		cfg.Title = cfg.Name
	}
	if cfg.LoginClaim == "" {
		cfg.LoginClaim = "preferred_username"
	}
	if cfg.GroupsClaim == "" {
		cfg.GroupsClaim = "groups"
	}
	if cfg.Scopes == nil {
		cfg.Scopes = []string{"profile", "email"}
	}
	// Logins are rare: no connection waits for the next one.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	return &Provider{cfg: cfg, client: &http.Client{Timeout: patience, Transport: transport}}
}

// Name implements [auth.Provider].
func (p *Provider) Name() string { return p.cfg.Name }

// Title implements [auth.Provider].
func (p *Provider) Title() string { return p.cfg.Title }

func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The provider keeps the context for its keys: it must not end with the request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("openid: %s: %w", p.cfg.Name, err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) flow(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...),
	}
}

// Begin implements [auth.Provider].
func (p *Provider) Begin(ctx context.Context, redirect string) (string, auth.Memory, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", auth.Memory{}, err
	}
	m := auth.Memory{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return p.flow(found, redirect).AuthCodeURL(m.State, oidc.Nonce(m.Nonce), oauth2.S256ChallengeOption(m.Verifier)), m, nil
}

// Finish implements [auth.Provider].
func (p *Provider) Finish(ctx context.Context, redirect, code string, m auth.Memory) (who account.Identity, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return who, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.flow(found, redirect).Exchange(ctx, code, oauth2.VerifierOption(m.Verifier))
	if err != nil {
		// The answer of the provider may hold what it was sent.
		if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
			return who, fmt.Errorf("openid: %s refuses the code: %s", p.cfg.Name, refused.ErrorCode)
		}
		return who, fmt.Errorf("openid: %s: %w", p.cfg.Name, err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return who, fmt.Errorf("openid: %s sends no id_token", p.cfg.Name)
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return who, fmt.Errorf("openid: %s: %w", p.cfg.Name, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(m.Nonce)) != 1 {
		return who, fmt.Errorf("openid: the id_token of %s was made for another login", p.cfg.Name)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return who, fmt.Errorf("openid: %s: %w", p.cfg.Name, err)
	}
	if claims[p.cfg.LoginClaim] == nil || len(p.cfg.Groups) > 0 && claims[p.cfg.GroupsClaim] == nil {
		// Many providers tell such things only when they are asked.
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			return who, fmt.Errorf("openid: %s: %w", p.cfg.Name, err)
		}
		if info.Subject != id.Subject { // OpenID Connect Core 1.0, section 5.3.2
			return who, fmt.Errorf("openid: %s tells of somebody else", p.cfg.Name)
		}
		if err := info.Claims(&claims); err != nil {
			return who, fmt.Errorf("openid: %s: %w", p.cfg.Name, err)
		}
	}
	return p.identity(id, claims), nil
}

// identity is who the claims tell of.
func (p *Provider) identity(id *oidc.IDToken, claims map[string]any) account.Identity {
	text := func(name string) string { s, _ := claims[name].(string); return s }
	who := account.Identity{
		Provider: p.cfg.Name, Issuer: id.Issuer, Subject: id.Subject, Login: text(p.cfg.LoginClaim), Match: p.cfg.Match, Create: p.cfg.Create,
	}
	if verified, _ := claims["email_verified"].(bool); verified {
		who.Email = text("email")
	}
	groups := texts(claims[p.cfg.GroupsClaim])
	for _, g := range p.cfg.Groups {
		switch {
		case !slices.Contains(groups, g.Group):
		case g.Administrator:
			who.Administrator = true
		default:
			who.Granted = append(who.Granted, account.Grant{Post: g.Post, Organisation: g.Organisation})
		}
	}
	return who
}

// texts are the texts of a claim, which is one or a list.
func texts(claim any) (all []string) {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}
