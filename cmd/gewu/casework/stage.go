package casework

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/gewu-city/gewu/cmd/gewu/casecmd"
	"github.com/gewu-city/gewu/cmd/gewu/synthetic"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/sample"
)

// LoginsFile holds the password of the accounts of a demonstration.
const LoginsFile = "demo-password"

// Stage is what a demonstration of a profile is played on.
type Stage struct {
	Profile *profile.Profile
	// extra are the files of the profile that are laid over its city; nil for none.
	extra fs.FS
}

// NewStage is the stage of a profile, by name or folder. listen is where it is to be served: accounts whose password is
// printed are for this machine only.
func NewStage(name, listen string) (*Stage, error) {
	fsys, found, err := casecmd.Profile(name)
	if err != nil {
		return nil, err
	}
	s := &Stage{}
	if s.Profile, err = profile.Load(fsys, found); err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--listen %s: a demonstration with a profile has accounts whose password is printed; serve it on this machine only, such as 127.0.0.1:8080", listen)
	}
	if extra, err := fs.Sub(fsys, path.Join(found, "demo")); err == nil {
		if _, err := fs.Stat(extra, sample.Manifest); err == nil {
			s.extra = extra
		}
	}
	return s, nil
}

// City is where the demonstration is played: the sample city, or a synthetic district that is written into a folder, which
// done removes.
func (s *Stage) City(ctx context.Context, dir string) (files fs.FS, done func() error, err error) {
	p := s.Profile.Demo.Synth
	if p == nil {
		return sample.FS(), func() error { return nil }, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, nil, err
	}
	folder, err := os.MkdirTemp(dir, "city-")
	if err != nil {
		return nil, nil, err
	}
	done = func() error { return os.RemoveAll(folder) }
	c, err := synth.New(*p)
	if err == nil {
		err = synthetic.Write(ctx, folder, s.Profile.Name, c, func(synth.Layer) (func(int), func()) { return func(int) {}, func() {} })
	}
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return os.DirFS(folder), done, nil
}

// Extra is what the profile adds to the city, and how it is loaded.
func (s *Stage) Extra() (fs.FS, sample.City, error) {
	if s.extra == nil {
		return nil, sample.City{}, nil
	}
	c, err := sample.Load(s.extra)
	return s.extra, c, err
}

// Sender sends v as JSON to the city and reads the answer into out.
type Sender func(ctx context.Context, method, path string, v, out any) error

// Cast puts the posts, organisations and staff of the profile into the directory of the city, and makes their accounts.
func (s *Stage) Cast(ctx context.Context, send Sender, accounts *account.Store, dir string) error {
	crew := struct {
		Organisations []people.Organisation `json:"organisations"`
		Posts         []people.Post         `json:"posts"`
		Staff         []people.Staff        `json:"staff"`
	}{s.Profile.Demo.Organisations, s.Profile.Posts, s.Profile.Demo.Staff}
	var done struct {
		Failed int
		Faults []struct{ Kind, ID, Field, Value, Why string }
	}
	if err := send(ctx, http.MethodPost, "/v1/people", crew, &done); err != nil {
		return fmt.Errorf("the people of the demonstration: %w", err)
	}
	if done.Failed > 0 {
		f := done.Faults[0]
		return fmt.Errorf("the people of the demonstration: %d are refused, such as %s %s: %s %s (value %q)", done.Failed, f.Kind, f.ID, f.Field, f.Why, f.Value)
	}
	password, err := s.password(dir)
	if err != nil {
		return err
	}
	// The first account must be that of an administrator.
	for _, administrators := range []bool{true, false} {
		for _, who := range s.Profile.Demo.Staff {
			login, ok := s.Profile.Demo.Logins[who.ID]
			if !ok || login.Administrator != administrators {
				continue
			}
			_, err := accounts.Create(ctx, account.New{Login: login.Login, Password: password, Staff: who.ID, Administrator: login.Administrator})
			if err != nil && !errors.Is(err, account.ErrTaken) {
				return fmt.Errorf("account %s: %w", login.Login, err)
			}
		}
	}
	return nil
}

// password is that of all accounts: made once for a data folder, so that no two demonstrations share one.
func (s *Stage) password(dir string) (string, error) {
	file := filepath.Join(dir, LoginsFile)
	text, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	made := "demo-" + strings.ToLower(rand.Text()[:10])
	return made, os.WriteFile(file, []byte(made+"\n"), 0o600)
}

// Announce prints who may log in.
func (s *Stage) Announce(w io.Writer, dir string) error {
	password, err := s.password(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n演示账号 · Accounts of the demonstration. All have the password %s, which everybody who reads this knows:\nkeep this server on this machine, and put nothing real into it. 仅供本机演示，请勿录入真实数据。\n\n", password)
	t, first := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0), ""
	fmt.Fprintln(t, "LOGIN\tPOST\tORGANISATION\tNAME")
	titles := map[string]string{}
	for _, post := range people.DefaultPosts() {
		titles[post.ID] = post.Title["zh"] + " " + post.Title["en"]
	}
	for i := range s.Profile.Posts {
		titles[s.Profile.Posts[i].ID] = s.Profile.Posts[i].Title["zh"] + " " + s.Profile.Posts[i].Title["en"]
	}
	for _, o := range s.Profile.Demo.Organisations {
		titles["organisation "+o.ID] = o.Title["zh"] + " " + o.Title["en"]
	}
	for _, who := range s.Profile.Demo.Staff {
		login, ok := s.Profile.Demo.Logins[who.ID]
		if !ok {
			continue
		}
		first = cmp.Or(first, login.Login)
		for _, h := range who.Holdings {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", login.Login, titles[h.Post], titles["organisation "+h.Organisation], who.Name)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if first != "" {
		fmt.Fprintf(w, "\n程序与 Open311 客户端用密钥 · Programs and Open311 clients have a key: gewu key create %s --name app --data %s\n", first, dir)
	}
	_, err = fmt.Fprintln(w)
	return err
}
