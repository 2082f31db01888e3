package profile

import (
	"time"

	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/grid/request"
	"github.com/gewu-city/gewu/people"
)

// Profile is the configuration of a city, checked. It is immutable and safe for concurrent use.
type Profile struct {
	// Name is that of its folder, Chain the names of the profile and of those that it inherits from, itself first.
	Name  string
	Chain []string
	Title data.Title
	// Zone is where dates and hours are.
	Zone *time.Location
	// Levels are the levels of areas, coarse to fine, and Schemes the schemes by which cases are listed and counted.
	Levels, Schemes []string
	// Shared is the one scheme by which the city may be divided, one of Schemes; empty allows others beside these.
	Shared string
	// Owner is the attribute of parts that names who owns one, by the id or a title of an organisation.
	Owner string
	// Public says that everybody sees cases that are not private, without who reported them.
	Public bool
	// KeepContacts is for how long the contact of who reported is kept after the case came to rest; zero is until somebody erases it.
	KeepContacts time.Duration
	// Requests says who decides about change requests on borders, and whether the public may make some.
	Requests request.Charter

	Process *process.Table
	// ProcessText is the process as one document that inherits from nothing, RulesText the text of the rules of routing.
	ProcessText, RulesText string
	Routes                 *route.Rules
	Duplicates             *duplicate.Rules
	Timing                 *timing.City
	Notices                *Notices
	// Hooks are the templates of what is sent to services of SMS and chats, by name.
	Hooks map[string]*adapters.Template
	// Sensors are the rules about readings; there may be none.
	Sensors *sensor.Rules
	// Posts are those that the city has beside people.DefaultPosts, or in their place.
	Posts []people.Post
	// Demo is what a demonstration is played with.
	Demo Demo
}

// Demo is a city with people to play with.
type Demo struct {
	// Synth is the district that is made for it; nil plays in the sample city.
	Synth *synth.Params
	// Organisations and Staff work there. Logins are the accounts of staff, by staff id.
	Organisations []people.Organisation
	Staff         []people.Staff
	Logins        map[string]Login
}

// Login is an account of a demonstration.
type Login struct {
	Login         string
	Administrator bool
}
