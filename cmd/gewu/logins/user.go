package logins

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/gewu-city/gewu/people/account"
)

// Client speaks to the server of the city.
type Client interface {
	// Send sends v as JSON, when it is not nil, and reads the JSON answer into out, when that is not nil.
	Send(ctx context.Context, method, path string, v, out any) error
}

// Env is what the commands need besides their flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// City runs do with a client for the city, which must exist; NewCity may make it.
	City, NewCity func(do func(ctx context.Context, c Client) error) error
}

// User is gewu user.
type User struct {
	List     listUsers    `cmd:"" help:"List accounts." default:"withargs"`
	Add      addUser      `cmd:"" help:"Make an account; its password is asked for, or read from standard input."`
	Invite   inviteUser   `cmd:"" help:"Make a link with which somebody makes an account."`
	Disable  disableUser  `cmd:"" help:"Keep an account from logging in; its sessions end and its keys count no more."`
	Enable   enableUser   `cmd:"" help:"Let an account log in again."`
	Reset    resetUser    `cmd:"" help:"Make a link with which an account gets a new password."`
	Sessions sessionsUser `cmd:"" help:"List the sessions of an account, or end them."`
	Remove   removeUser   `cmd:"" help:"Delete an account with its sessions and keys."`
}

func accountPath(login string, more ...string) string {
	return "/v1/accounts/" + strings.Join(append([]string{url.PathEscape(login)}, more...), "/")
}

// table prints columns.
func (e *Env) table(rows [][]string) error {
	w := tabwriter.NewWriter(e.Stdout, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

func clock(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}

type listUsers struct{}

// Run lists the accounts.
func (listUsers) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		var all struct{ Accounts []account.Account }
		if err := c.Send(ctx, http.MethodGet, "/v1/accounts", nil, &all); err != nil {
			return err
		}
		rows := [][]string{{"LOGIN", "STAFF", "STATE", "SECOND FACTOR", "LAST LOGIN", "ID"}}
		for _, a := range all.Accounts {
			state := "active"
			switch {
			case a.Disabled:
				state = "disabled"
			case !a.Password && !a.Outside:
				state = "no password"
			case a.Administrator:
				state = "administrator"
			}
			second := "no"
			if a.Second {
				second = "yes"
			}
			rows = append(rows, []string{a.Login, a.Staff, state, second, clock(a.Used), a.ID})
		}
		return e.table(rows)
	})
}

type addUser struct {
	Login      string `arg:"" help:"Name to log in with."`
	Admin      bool   `help:"The account may do everything. The first one must be such."`
	Staff      string `help:"Id of the person in the directory." placeholder:"ID"`
	Email      string `help:"Where links to reset the password go." placeholder:"ADDRESS"`
	NoPassword bool   `help:"Make it without a password: nobody can log in until one was set by gewu user reset."`
}

// Run makes an account.
func (cmd addUser) Run(e *Env) error {
	body := map[string]any{"login": cmd.Login, "administrator": cmd.Admin, "staff": cmd.Staff, "email": cmd.Email}
	if !cmd.NoPassword {
		password, err := e.password(cmd.Login)
		if err != nil {
			return err
		}
		body["password"] = password
	}
	return e.NewCity(func(ctx context.Context, c Client) error {
		var made account.Account
		if err := c.Send(ctx, http.MethodPost, "/v1/accounts", body, &made); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.Stdout, "%s is %s\n", made.Login, made.ID)
		return err
	})
}

// password asks for one at a terminal, twice and unseen, and otherwise reads a line of standard input.
func (e *Env) password(login string) (string, error) {
	file, ok := e.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(e.Stdin, 4096)).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", errors.Join(errors.New("standard input holds no password: pipe one in, or give --no-password and use gewu user reset"), ignoreEOF(err))
		}
		return line, nil
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(e.Stderr, prompt)
		defer fmt.Fprintln(e.Stderr)
		b, err := term.ReadPassword(int(file.Fd()))
		return string(b), err
	}
	for {
		first, err := ask("Password for " + login + " (12 characters or more): ")
		if err != nil {
			return "", err
		}
		if err := account.CheckPassword(first, login); err != nil {
			fmt.Fprintln(e.Stderr, err)
			continue
		}
		again, err := ask("The same again: ")
		if err != nil {
			return "", err
		}
		if first == again {
			return first, nil
		}
		fmt.Fprintln(e.Stderr, "The two are not the same.")
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// link mirrors what the server answers when it has made a link.
type link struct {
	Link   account.Link `json:"link"`
	URL    string       `json:"url"`
	Mailed bool         `json:"mailed"`
}

func (e *Env) tell(l link) error {
	if l.Mailed {
		fmt.Fprintf(e.Stderr, "It is on its way to %s by mail, too.\n", l.Link.Email)
	}
	fmt.Fprintf(e.Stderr, "This link can be used once, until %s:\n", clock(&l.Link.Expires))
	_, err := fmt.Fprintln(e.Stdout, l.URL)
	return err
}

type inviteUser struct {
	Login string `arg:"" optional:"" help:"Name to log in with; without it who is invited chooses one."`
	Admin bool   `help:"The account may do everything."`
	Staff string `help:"Id of the person in the directory." placeholder:"ID"`
	Email string `help:"Where the link goes, when the server sends mail." placeholder:"ADDRESS"`
}

// Run makes an invitation.
func (cmd inviteUser) Run(e *Env) error {
	return e.NewCity(func(ctx context.Context, c Client) error {
		var made link
		body := map[string]any{"login": cmd.Login, "administrator": cmd.Admin, "staff": cmd.Staff, "email": cmd.Email}
		if err := c.Send(ctx, http.MethodPost, "/v1/invitations", body, &made); err != nil {
			return err
		}
		return e.tell(made)
	})
}

type resetUser struct {
	Login  string `arg:"" help:"Login or id of the account."`
	Second bool   `help:"Take the second factor away, too: for who has lost the telephone and the recovery codes."`
}

// Run makes a link that sets a password.
func (cmd resetUser) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		if cmd.Second {
			if err := c.Send(ctx, http.MethodDelete, accountPath(cmd.Login, "second"), nil, nil); err != nil {
				return err
			}
		}
		var made link
		if err := c.Send(ctx, http.MethodPost, accountPath(cmd.Login, "reset"), struct{}{}, &made); err != nil {
			return err
		}
		return e.tell(made)
	})
}

type disableUser struct {
	Login string `arg:"" help:"Login or id of the account."`
}

// Run disables an account.
func (cmd disableUser) Run(e *Env) error { return e.able(cmd.Login, true) }

type enableUser struct {
	Login string `arg:"" help:"Login or id of the account."`
}

// Run enables an account.
func (cmd enableUser) Run(e *Env) error { return e.able(cmd.Login, false) }

func (e *Env) able(login string, disabled bool) error {
	return e.City(func(ctx context.Context, c Client) error {
		return c.Send(ctx, http.MethodPatch, accountPath(login), map[string]any{"disabled": disabled}, nil)
	})
}

type removeUser struct {
	Login string `arg:"" help:"Login or id of the account."`
}

// Run deletes an account.
func (cmd removeUser) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		return c.Send(ctx, http.MethodDelete, accountPath(cmd.Login), nil, nil)
	})
}

type sessionsUser struct {
	Login string `arg:"" help:"Login or id of the account."`
	End   bool   `help:"End them all."`
}

// Run lists or ends the sessions of an account.
func (cmd sessionsUser) Run(e *Env) error {
	return e.City(func(ctx context.Context, c Client) error {
		if cmd.End {
			return c.Send(ctx, http.MethodDelete, accountPath(cmd.Login, "sessions"), nil, nil)
		}
		var all struct{ Sessions []account.SessionInfo }
		if err := c.Send(ctx, http.MethodGet, accountPath(cmd.Login, "sessions"), nil, &all); err != nil {
			return err
		}
		rows := [][]string{{"BEGAN", "USED", "ENDS", "FROM", "WITH"}}
		for _, s := range all.Sessions {
			rows = append(rows, []string{clock(&s.Created), clock(&s.Used), clock(&s.Expires), s.Address, s.Agent})
		}
		return e.table(rows)
	})
}
