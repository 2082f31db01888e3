package logins

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gewu-city/gewu/people/account"
)

// Key is gewu key.
type Key struct {
	List   listKeys  `cmd:"" help:"List API keys." default:"withargs"`
	Create createKey `cmd:"" help:"Make an API key for an account and print it: it is shown this once."`
	Revoke revokeKey `cmd:"" help:"Revoke an API key."`
}

type listKeys struct {
	Account string `help:"Login or id: only keys of that account." placeholder:"LOGIN"`
}

// Run lists keys.
func (cmd listKeys) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		path := "/v1/keys"
		if cmd.Account != "" {
			path += "?account=" + url.QueryEscape(cmd.Account)
		}
		var keys struct{ Keys []account.Key }
		if err := c.Send(ctx, http.MethodGet, path, nil, &keys); err != nil {
			return err
		}
		var users struct{ Accounts []account.Account }
		if err := c.Send(ctx, http.MethodGet, "/v1/accounts", nil, &users); err != nil {
			return err
		}
		logins := map[string]string{}
		for _, a := range users.Accounts {
			logins[a.ID] = a.Login
		}
		rows := [][]string{{"ID", "BEGINS WITH", "ACCOUNT", "NAME", "SCOPES", "USED", "EXPIRES"}}
		for _, k := range keys.Keys {
			scopes := "all of the account"
			if k.Scopes != nil {
				scopes = strings.Join(k.Scopes, ",")
			}
			rows = append(rows, []string{k.ID, k.Hint, logins[k.Account], k.Name, scopes, clock(k.Used), clock(k.Expires)})
		}
		return e.table(rows)
	})
}

type createKey struct {
	Login   string        `arg:"" help:"Login or id of the account that the key acts for."`
	Name    string        `help:"What the key is for." required:"" placeholder:"TEXT"`
	Scopes  []string      `help:"Permissions that the key is limited to; without them it has all of its account." placeholder:"SCOPE,…"`
	Expires time.Duration `help:"How long the key counts, as in 8760h; for ever without it." placeholder:"DURATION"`
}

// Run makes a key.
func (cmd createKey) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		body := map[string]any{"account": cmd.Login, "name": cmd.Name}
		if cmd.Scopes != nil {
			body["scopes"] = cmd.Scopes
		}
		if cmd.Expires != 0 {
			body["expires"] = time.Now().Add(cmd.Expires)
		}
		var made struct {
			Token string `json:"token"`
		}
		if err := c.Send(ctx, http.MethodPost, "/v1/keys", body, &made); err != nil {
			return err
		}
		fmt.Fprintln(e.Stderr, "Keep this key: it is not shown again. Programs send it as the header \"Authorization: Bearer KEY\".")
		_, err := fmt.Fprintln(e.Stdout, made.Token)
		return err
	})
}

type revokeKey struct {
	ID string `arg:"" help:"Id of the key, from gewu key list."`
}

// Run revokes a key.
func (cmd revokeKey) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		return c.Send(ctx, http.MethodDelete, "/v1/keys/"+url.PathEscape(cmd.ID), nil, nil)
	})
}
