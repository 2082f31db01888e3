package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// Names are the profiles that have a folder.
func Names(fsys fs.FS) ([]string, error) {
	heads, err := fs.Glob(fsys, path.Join("*", Head))
	names := make([]string, len(heads))
	for i, h := range heads {
		names[i] = path.Dir(h)
	}
	return names, err
}

// Beside is a folder that holds one profile, under a name, beside those of fsys, from which it may inherit. A profile of
// that name must not be among these.
func Beside(fsys, folder fs.FS, name string) (fs.FS, error) {
	if !data.ValidName(strings.ReplaceAll(name, "-", "_")) {
		return nil, &data.FieldError{Field: "profile", Value: name, Why: "must be a folder whose name is lower-case letters, digits, - and _"}
	}
	if _, err := fs.Stat(fsys, path.Join(name, Head)); err == nil {
		return nil, &data.FieldError{Field: "profile", Value: name, Why: "is the name of a profile that comes with gewu: call the folder something else"}
	}
	if _, err := fs.Stat(folder, Head); err != nil {
		return nil, fmt.Errorf("profile %s: %w", name, err)
	}
	return beside{fsys, folder, name}, nil
}

type beside struct {
	shipped, folder fs.FS
	name            string
}

// Open finds NAME/… in the folder.
func (b beside) Open(name string) (fs.File, error) {
	if name == b.name {
		return b.folder.Open(".")
	}
	if rest, ok := strings.CutPrefix(name, b.name+"/"); ok {
		return b.folder.Open(rest)
	}
	return b.shipped.Open(name)
}

// Soon is how long before the end of a table of holidays it is spoken of.
const Soon = 60

// Warnings are what whoever serves the city must look after: tables of holidays that end soon, or have ended, and departments of
// change requests that an inherited table names and that do not come along with the profile: nobody could speak for them.
func (p *Profile) Warnings(at time.Time) (all []string) {
	for _, w := range p.Timing.Newest().Warnings(at, Soon) {
		all = append(all, w.String()+"; add a file calendar-YEAR.toml of the next version to the profile")
	}
	for _, id := range p.Requests.Departments {
		if len(p.Demo.Organisations) > 0 && !slices.ContainsFunc(p.Demo.Organisations, func(o people.Organisation) bool { return o.ID == id }) {
			all = append(all, fmt.Sprintf("department %s of change requests is no organisation of people.toml; name those that decide under [requests] in profile.toml, or nobody can decide", id))
		}
	}
	return all
}

// Others are the names of the schemes by which a city is divided beside the one that all share, in their order; none where the
// profile forces nothing.
func (p *Profile) Others(schemes []*data.Scheme) (names []string) {
	for _, s := range schemes {
		if p.Shared != "" && s.Name != p.Shared {
			names = append(names, s.Name)
		}
	}
	return names
}

// Working reports whether a time is working time by the calendar of the profile. The error is that of the calendar, after
// the end of its table.
func (p *Profile) Working(at time.Time) (bool, error) {
	c, err := p.Timing.Newest().On(p.Timing.Calendar, at)
	if err != nil {
		return false, err
	}
	return c.Working(at)
}

// Missing reports whether a profile does not exist at all, from the error of Load.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
