package people

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Place is where somebody answers for something: the cells and areas that own it, areas coarse to fine.
type Place struct {
	Cells []CellRef
	Areas []AreaKey
}

// Duty says who answers for a place in which role.
type Duty struct {
	Role         Role   `json:"role"`
	Organisation string `json:"organisation"`
	// Post is the one by which the organisation does so, empty when nobody holds such a post.
	Post string `json:"post,omitempty"`
	// Person is the staff id, when it is one person: of a cell always, of an organisation when one alone holds the post.
	Person      string `json:"person,omitempty"`
	StandsInFor string `json:"stands_in_for,omitempty"`
	Deputy      bool   `json:"deputy,omitempty"`
	// Cell or Area is what the duty is about.
	Cell *CellRef `json:"cell,omitempty"`
	Area *AreaKey `json:"area,omitempty"`
	// Classes are beginnings of the classes that the duty is for; none is all.
	Classes []string `json:"classes,omitempty"`
}

// DutiesAt are those who answer for a place at a time: the staff of its cells, by the duty of their posts, and the
// organisations bound to its areas. With a class only those that answer for things of it. The order is that of the
// roles, then cells before areas, then from the smallest area to the largest.
func (d *Directory) DutiesAt(place Place, class string, at time.Time) []Duty {
	var all []Duty
	for i := range place.Cells {
		for _, h := range d.StaffOfCell(place.Cells[i], at) {
			if p := d.post[h.Post]; p != nil && p.Duty != "" {
				all = append(all, Duty{
					Role: p.Duty, Organisation: h.Organisation, Post: h.Post, Person: h.Staff.ID,
					StandsInFor: h.StandsInFor, Deputy: h.Deputy, Cell: &place.Cells[i],
				})
			}
		}
	}
	for _, area := range slices.Backward(place.Areas) {
		for _, b := range d.areas[area] {
			if d.Active(b.organisation.ID, at) && concerns(b.area.Classes, class) {
				all = append(all, d.dutiesOf(b, at)...)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Duty) int {
		return cmp.Compare(slices.Index(Roles(), a.Role), slices.Index(Roles(), b.Role))
	})
	return all
}

func concerns(classes []string, class string) bool {
	return class == "" || len(classes) == 0 || slices.ContainsFunc(classes, func(c string) bool { return strings.HasPrefix(class, c) })
}

// dutiesOf are the duties of an organisation for one of its areas: in each role one for each post of that duty that
// somebody holds without cells, or one without a post.
func (d *Directory) dutiesOf(b bound, at time.Time) []Duty {
	roles := b.area.Roles
	if len(roles) == 0 {
		roles = []Role{RoleResponsible}
	}
	holders := d.working(d.offices[b.organisation.ID], at)
	var all []Duty
	for _, role := range roles {
		one := Duty{Role: role, Organisation: b.organisation.ID, Area: &AreaKey{b.area.Level, b.area.Code}, Classes: b.area.Classes}
		first := len(all)
		for _, h := range holders {
			if p := d.post[h.Post]; p == nil || p.Duty != role || h.Deputy {
				continue
			}
			if last := len(all) - 1; last >= first && all[last].Post == h.Post {
				if all[last].Person != h.Staff.ID {
					all[last].Person, all[last].StandsInFor = "", ""
				}
				continue
			}
			one.Post, one.Person, one.StandsInFor = h.Post, h.Staff.ID, h.StandsInFor
			all = append(all, one)
		}
		if len(all) == first {
			all = append(all, one)
		}
	}
	return all
}
