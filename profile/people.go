package profile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
)

// The members of people.toml.
type (
	cast struct {
		Posts         map[string]postRow         `toml:"posts"`
		Organisations map[string]organisationRow `toml:"organisations"`
		Staff         map[string]staffRow        `toml:"staff"`
	}
	postRow struct {
		Title       data.Title          `toml:"title"`
		Duty        people.Role         `toml:"duty"`
		Permissions []people.Permission `toml:"permissions"`
		Layers      []grantRow          `toml:"layers"`
	}
	grantRow struct {
		Layers []string `toml:"layers"`
		Read   bool     `toml:"read"`
		Write  bool     `toml:"write"`
		Where  string   `toml:"where"`
		Area   string   `toml:"area"`
		Hide   []string `toml:"hide"`
	}
	organisationRow struct {
		Title  data.Title `toml:"title"`
		Level  string     `toml:"level"`
		Parent string     `toml:"parent"`
		Areas  []areaRow  `toml:"areas"`
	}
	areaRow struct {
		Level   string        `toml:"level"`
		Code    string        `toml:"code"`
		Roles   []people.Role `toml:"roles"`
		Classes []string      `toml:"classes"`
	}
	staffRow struct {
		Name          string       `toml:"name"`
		Login         string       `toml:"login"`
		Administrator bool         `toml:"administrator"`
		Holdings      []holdingRow `toml:"holdings"`
	}
	holdingRow struct {
		Post         string   `toml:"post"`
		Organisation string   `toml:"organisation"`
		Scheme       string   `toml:"scheme"`
		Cells        []string `toml:"cells"`
		Deputy       bool     `toml:"deputy"`
	}
	demoRow struct {
		// City is sample, or synth with the measures beside it.
		City        string  `toml:"city"`
		Preset      string  `toml:"preset"`
		Area        float64 `toml:"area"`
		Streets     int     `toml:"streets"`
		Communities int     `toml:"communities"`
		Cells       int     `toml:"cells"`
		District    int     `toml:"district_code"`
		Lon         float64 `toml:"lon"`
		Lat         float64 `toml:"lat"`
	}
)

// casts are the files people.toml along the chain that can be read.
func (l *loader) casts() (files []*file, casts []cast) {
	for _, f := range l.all("people.toml") {
		var c cast
		if err := rows.Decode(f.name, f.text, &c); err != nil {
			l.add(err)
			continue
		}
		files, casts = append(files, f), append(casts, c)
	}
	return files, casts
}

// posts are the ids of the posts that exist before the process is read.
func (l *loader) posts(p *Profile) []string {
	ids := l.known(p)
	_, casts := l.casts()
	for _, c := range casts {
		ids = append(ids, slices.Sorted(maps.Keys(c.Posts))...)
	}
	return ids
}

// cast reads who works there: the posts of all files, the organisations and staff of the nearest that has some.
func (l *loader) cast(p *Profile) {
	before := len(l.faults)
	files, casts := l.casts()
	l.faults = l.faults[:min(before, len(l.faults))] // told when the posts were read
	u := &people.Update{}
	where := map[people.Name]*file{}
	for i := range slices.Backward(casts) {
		for id, row := range casts[i].Posts {
			u.Posts = slices.DeleteFunc(u.Posts, func(o *people.Post) bool { return o.ID == id })
			u.Posts = append(u.Posts, row.post(id))
			where[people.Name{Kind: data.AdminPost, ID: id}] = files[i]
		}
	}
	l.title(p, u)
	if i := slices.IndexFunc(casts, func(c cast) bool { return len(c.Organisations) > 0 }); i >= 0 {
		l.crew(p, files[i], &casts[i], u, where)
	}
	for _, wrong := range (&people.Directory{}).Check(u, nil) {
		f := where[wrong.Name]
		if f == nil {
			l.add(wrong)
			continue
		}
		l.add(f.place(under(map[string]string{data.AdminPost: "posts", data.AdminOrganisation: "organisations", data.AdminStaff: "staff"}[wrong.Kind]+"."+wrong.ID, wrong.Err)))
	}
	for _, post := range u.Posts {
		p.Posts = append(p.Posts, *post)
	}
	l.demo(p)
}

// under puts the name of a row before the fields of faults.
func under(row string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, under(row, one))
		}
		return errors.Join(all...)
	}
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return &data.FieldError{Field: row + "." + field.Field, Value: field.Value, Why: field.Why}
	}
	return err
}

func (row *postRow) post(id string) *people.Post {
	post := &people.Post{ID: id, Title: row.Title, Duty: row.Duty, Permissions: append([]people.Permission{}, row.Permissions...)}
	for _, g := range row.Layers {
		post.Layers = append(post.Layers, people.Grant{Layers: g.Layers, Read: g.Read, Write: g.Write, Where: g.Where, Area: g.Area, Hide: g.Hide})
	}
	return post
}

// title gives posts the title that the process has for them, and makes those that people.toml says nothing of: they see
// what lies in the areas of their organisation, and the cases there.
func (l *loader) title(p *Profile, u *people.Update) {
	if p.Process != nil {
		for _, named := range p.Process.NewPosts {
			i := slices.IndexFunc(u.Posts, func(o *people.Post) bool { return o.ID == named.ID })
			if i < 0 {
				u.Posts = append(u.Posts, &people.Post{ID: named.ID, Permissions: []people.Permission{people.Cases}})
				i = len(u.Posts) - 1
			}
			if len(u.Posts[i].Title) == 0 {
				u.Posts[i].Title = named.Title
			}
		}
	}
	for _, post := range u.Posts {
		if len(post.Layers) == 0 {
			post.Layers = []people.Grant{{Layers: []string{people.AnyLayer}, Read: true, Area: people.AreaOrganisation}}
		}
	}
	slices.SortFunc(u.Posts, func(a, b *people.Post) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
}

// crew are the organisations and the staff of a file.
func (l *loader) crew(p *Profile, f *file, c *cast, u *people.Update, where map[people.Name]*file) {
	for _, id := range rows.Keys(&f.Source, "organisations", c.Organisations) {
		row := c.Organisations[id]
		o := people.Organisation{ID: id, Title: row.Title, Level: row.Level, Parent: row.Parent}
		for i, a := range row.Areas {
			o.Areas = append(o.Areas, people.AreaRef{Level: a.Level, Code: a.Code, Roles: a.Roles, Classes: a.Classes})
			if !slices.Contains(p.Levels, a.Level) {
				l.add(f.fault(fmt.Sprintf("organisations.%s.areas", id), a.Level, "areas[%d] has a level that is none of the profile", i))
			}
		}
		p.Demo.Organisations = append(p.Demo.Organisations, o)
	}
	p.Demo.Logins = map[string]Login{}
	var logins []string
	for _, id := range rows.Keys(&f.Source, "staff", c.Staff) {
		row := c.Staff[id]
		s := people.Staff{ID: id, Name: row.Name}
		for i, h := range row.Holdings {
			s.Holdings = append(s.Holdings, people.Holding{Post: h.Post, Organisation: h.Organisation, Scheme: h.Scheme, Cells: h.Cells, Deputy: h.Deputy})
			if h.Scheme != "" && !slices.Contains(p.Schemes, h.Scheme) {
				l.add(f.fault(fmt.Sprintf("staff.%s.holdings", id), h.Scheme, "holdings[%d] has a scheme that is none of the profile", i))
			}
		}
		p.Demo.Staff = append(p.Demo.Staff, s)
		if row.Login == "" {
			continue
		}
		if wrong, ok := errors.AsType[*account.FieldError](account.CheckLogin(row.Login)); ok {
			l.add(f.fault("staff."+id+".login", row.Login, "%s", wrong.Why))
		}
		if slices.Contains(logins, row.Login) {
			l.add(f.fault("staff."+id+".login", row.Login, "is there twice"))
		}
		logins = append(logins, row.Login)
		p.Demo.Logins[id] = Login{Login: row.Login, Administrator: row.Administrator}
	}
	for i := range p.Demo.Organisations {
		o := &p.Demo.Organisations[i]
		u.Organisations = append(u.Organisations, o)
		where[people.Name{Kind: data.AdminOrganisation, ID: o.ID}] = f
	}
	for i := range p.Demo.Staff {
		s := &p.Demo.Staff[i]
		u.Staff = append(u.Staff, s)
		where[people.Name{Kind: data.AdminStaff, ID: s.ID}] = f
	}
}

var presetPattern = regexp.MustCompile(`^[a-z0-9-]+$`)

// demo reads what city is played in.
func (l *loader) demo(p *Profile) {
	row, at := of(l, func(h *head) bool { return h.Demo.City != "" }, func(h *head) demoRow { return h.Demo })
	switch row.City {
	case "", "sample":
		return
	case "synth":
	default:
		l.add(at.fault("demo.city", row.City, "must be sample or synth"))
		return
	}
	params, ok := synth.Preset(row.Preset)
	if row.Preset == "" || !presetPattern.MatchString(row.Preset) || !ok {
		l.add(at.fault("demo.preset", row.Preset, "is no preset of gewu synth; there are %v", synth.Presets()))
		return
	}
	if row.Area != 0 {
		params.Area = row.Area
	}
	for _, n := range []struct{ to, from *int }{
		{&params.Streets, &row.Streets}, {&params.Communities, &row.Communities}, {&params.Cells, &row.Cells}, {&params.DistrictCode, &row.District},
	} {
		if *n.from != 0 {
			*n.to = *n.from
		}
	}
	if row.Cells != 0 {
		params.Blocks = 0 // those of the preset belong to its own cells
	}
	if row.Lon != 0 {
		params.Lon, params.Lat = row.Lon, row.Lat
	}
	p.Demo.Synth = &params
}
