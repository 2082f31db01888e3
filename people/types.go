package people

import (
	"time"

	"github.com/gewu-city/gewu/data"
)

// Organisation is an office, a department, a company: a node of the tree of those who work for the city.
type Organisation struct {
	ID    string     `json:"id"`
	Title data.Title `json:"title"`
	// Parent is the organisation above, empty for the top of a tree.
	Parent string `json:"parent,omitempty"`
	// Level says what the organisation is in the tree: district, street, community, department…
	Level string `json:"level"`
	// Areas are what it answers for. Without any, it answers for what the nearest one above it that has some does.
	Areas []AreaRef `json:"areas,omitempty"`
	// Retired is when it ended; nobody holds a post in it from then on. It stays, because history refers to it.
	Retired time.Time `json:"retired,omitzero"`
}

// AreaRef binds an organisation to an area of a layer with the role area. Level is that of the layer, Code the area's.
type AreaRef struct {
	Level string `json:"level"`
	Code  string `json:"code"`
	// Roles say in which way it answers for the area; none is [RoleResponsible].
	Roles []Role `json:"roles,omitempty"`
	// Classes are beginnings of the class codes that it answers for there; none is all.
	Classes []string `json:"classes,omitempty"`
}

// Post is a kind of work, with what it allows. Posts are configuration: [DefaultPosts] are there from the beginning, a
// record of the same id takes the place of one of them.
type Post struct {
	ID    string     `json:"id"`
	Title data.Title `json:"title"`
	// Duty is the role in which those who hold the post answer for their places; none for posts of the office.
	Duty        Role         `json:"duty,omitempty"`
	Permissions []Permission `json:"permissions"`
	// Layers say which features the post reaches. What no grant names it does not see.
	Layers []Grant `json:"layers"`
}

// Places that a grant can be bound to.
const (
	AreaAll          = ""             // the whole city
	AreaOrganisation = "organisation" // the areas of the organisation in which the post is held
	AreaCells        = "cells"        // the cells of the holding
)

// AnyLayer in a grant stands for every layer that is not sensitive.
const AnyLayer = "*"

// Grant says what a post may do with features of some layers.
type Grant struct {
	// Layers are names of layers, or [AnyLayer].
	Layers []string `json:"layers"`
	Read   bool     `json:"read,omitempty"`
	Write  bool     `json:"write,omitempty"`
	// Where is a filter in CQL2 text that features must pass besides.
	Where string `json:"where,omitempty"`
	// Area is [AreaAll], [AreaOrganisation] or [AreaCells].
	Area string `json:"area,omitempty"`
	// Hide are attributes that stay hidden.
	Hide []string `json:"hide,omitempty"`
}

// Staff is a person who works for the city. How to reach the person is not part of it.
type Staff struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Holdings []Holding `json:"holdings,omitempty"`
	// Left is when the person left; no holding is in force from then on.
	Left time.Time `json:"left,omitzero"`
}

// Holding is a post that a person holds in an organisation.
type Holding struct {
	Post         string `json:"post"`
	Organisation string `json:"organisation"`
	// Scheme and Cells are the cells that the person answers for; without any, it is the areas of the organisation. In the place
	// of a scheme may stand a layer of buildings or entrances: Cells are ids of features then, which are parts of cells with a
	// duty of their own.
	Scheme string   `json:"scheme,omitempty"`
	Cells  []string `json:"cells,omitempty"`
	// From and To bound the time in which it is in force: From <= t < To. Zero is no bound.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// StandsInFor is the staff id of somebody who holds the same post in the same organisation, in whose place the
	// person works in that time. Without cells of its own the holding has those of the one it stands in for.
	StandsInFor string `json:"stands_in_for,omitempty"`
	// Deputy is set on the holding of one who helps the holder of the post and comes after.
	Deputy bool `json:"deputy,omitempty"`
}

// Covers reports whether a time lies within From and To.
func (h *Holding) Covers(t time.Time) bool {
	return (h.From.IsZero() || !t.Before(h.From)) && (h.To.IsZero() || t.Before(h.To))
}
