package data

import (
	"slices"
	"strings"
)

// Roles say which part a layer plays in the city and which attribute plays each part of the role.
type Roles struct {
	Area     *AreaRole     `json:"area,omitempty" toml:"area"`
	Cell     *CellRole     `json:"cell,omitempty" toml:"cell"`
	Address  *AddressRole  `json:"address,omitempty" toml:"address"`
	Road     *RoadRole     `json:"road,omitempty" toml:"road"`
	Part     *PartRole     `json:"part,omitempty" toml:"part"`
	Landmark *LandmarkRole `json:"landmark,omitempty" toml:"landmark"`
	Building *BuildingRole `json:"building,omitempty" toml:"building"`
	Entrance *NameRole     `json:"entrance,omitempty" toml:"entrance"`
	// Organisation makes a layer organisations: firms, schools, offices.
	Organisation *NameRole `json:"organisation,omitempty" toml:"organisation"`
	// Dispute makes a layer zones that several sides claim.
	Dispute *DisputeRole `json:"dispute,omitempty" toml:"dispute"`
}

// AreaRole makes a polygon layer a level of areas, such as district or village. Here as in the other roles Alias is the
// attribute with other names, several of them split by one of ; ； 、 |.
type AreaRole struct {
	Level string `json:"level" toml:"level"`
	Code  string `json:"code,omitempty" toml:"code"`
	Name  string `json:"name,omitempty" toml:"name"`
	Alias string `json:"alias,omitempty" toml:"alias"`
}

// CellRole makes a polygon layer the cells of a scheme. Kind is the attribute that says what a cell is for (居民, 商务, 单位,
// 专属), Grade how it is managed (一般, 重点, 综合治理), Reason why it is over a limit on purpose.
type CellRole struct {
	Scheme string `json:"scheme" toml:"scheme"`
	Code   string `json:"code,omitempty" toml:"code"`
	Name   string `json:"name,omitempty" toml:"name"`
	Kind   string `json:"kind,omitempty" toml:"kind"`
	Grade  string `json:"grade,omitempty" toml:"grade"`
	Reason string `json:"reason,omitempty" toml:"reason"`
}

// DisputeRole makes a polygon layer zones that several sides claim. Claimants is the attribute that names these, split by one
// of ; ； 、 |; Name names the zone.
type DisputeRole struct {
	Claimants string `json:"claimants,omitempty" toml:"claimants"`
	Name      string `json:"name,omitempty" toml:"name"`
}

// AddressRole makes a layer door plates. Label is the full text; the others are its elements.
type AddressRole struct {
	Label   string `json:"label,omitempty" toml:"label"`
	Road    string `json:"road,omitempty" toml:"road"`
	Section string `json:"section,omitempty" toml:"section"`
	Lane    string `json:"lane,omitempty" toml:"lane"`
	Alley   string `json:"alley,omitempty" toml:"alley"`
	Number  string `json:"number,omitempty" toml:"number"`
}

// RoadRole makes a layer roads. LeftFrom and LeftTo are the attributes with the house numbers at the beginning and at
// the end of the left side of a line, seen in the direction of the line; RightFrom and RightTo those of its right side.
type RoadRole struct {
	Name      string `json:"name,omitempty" toml:"name"`
	Alias     string `json:"alias,omitempty" toml:"alias"`
	LeftFrom  string `json:"left_from,omitempty" toml:"left_from"`
	LeftTo    string `json:"left_to,omitempty" toml:"left_to"`
	RightFrom string `json:"right_from,omitempty" toml:"right_from"`
	RightTo   string `json:"right_to,omitempty" toml:"right_to"`
}

// PartRole makes a layer city parts. Class is the attribute that holds the class, Code the part code.
type PartRole struct {
	Class string `json:"class,omitempty" toml:"class"`
	Code  string `json:"code,omitempty" toml:"code"`
}

// LandmarkRole makes a layer landmarks. From and Until are the attributes with the first and the last day, or moment, of
// what is there for a time: building sites and events.
type LandmarkRole struct {
	Name  string `json:"name,omitempty" toml:"name"`
	Alias string `json:"alias,omitempty" toml:"alias"`
	From  string `json:"from,omitempty" toml:"from"`
	Until string `json:"until,omitempty" toml:"until"`
}

// BuildingRole makes a layer buildings. Households is the attribute with the number of households in each.
type BuildingRole struct {
	Name       string `json:"name,omitempty" toml:"name"`
	Alias      string `json:"alias,omitempty" toml:"alias"`
	Households string `json:"households,omitempty" toml:"households"`
}

// NameRole is a role whose only part is a name.
type NameRole struct {
	Name string `json:"name,omitempty" toml:"name"`
}

// RolePart is a part of a role and the name of the attribute that plays it.
type RolePart struct {
	// Name is "area.code".
	Name string
	// Attribute points into the roles.
	Attribute *string
}

// holdsNumbers reports whether the part is a house number at an end of a line.
func (p RolePart) holdsNumbers() bool {
	return strings.HasPrefix(p.Name, "road.left_") || strings.HasPrefix(p.Name, "road.right_")
}

// Parts are the parts of all roles that the layer plays. Those that no attribute plays have an empty name there.
func (r *Roles) Parts() []RolePart {
	var parts []RolePart
	add := func(name string, attribute *string) { parts = append(parts, RolePart{name, attribute}) }
	if r.Area != nil {
		add("area.code", &r.Area.Code)
		add("area.name", &r.Area.Name)
		add("area.alias", &r.Area.Alias)
	}
	if r.Cell != nil {
		add("cell.code", &r.Cell.Code)
		add("cell.name", &r.Cell.Name)
		add("cell.kind", &r.Cell.Kind)
		add("cell.grade", &r.Cell.Grade)
		add("cell.reason", &r.Cell.Reason)
	}
	if r.Address != nil {
		add("address.label", &r.Address.Label)
		add("address.road", &r.Address.Road)
		add("address.section", &r.Address.Section)
		add("address.lane", &r.Address.Lane)
		add("address.alley", &r.Address.Alley)
		add("address.number", &r.Address.Number)
	}
	if r.Road != nil {
		add("road.name", &r.Road.Name)
		add("road.alias", &r.Road.Alias)
		add("road.left_from", &r.Road.LeftFrom)
		add("road.left_to", &r.Road.LeftTo)
		add("road.right_from", &r.Road.RightFrom)
		add("road.right_to", &r.Road.RightTo)
	}
	if r.Part != nil {
		add("part.class", &r.Part.Class)
		add("part.code", &r.Part.Code)
	}
	if r.Landmark != nil {
		add("landmark.name", &r.Landmark.Name)
		add("landmark.alias", &r.Landmark.Alias)
		add("landmark.from", &r.Landmark.From)
		add("landmark.until", &r.Landmark.Until)
	}
	if r.Building != nil {
		add("building.name", &r.Building.Name)
		add("building.alias", &r.Building.Alias)
		add("building.households", &r.Building.Households)
	}
	if r.Entrance != nil {
		add("entrance.name", &r.Entrance.Name)
	}
	if r.Organisation != nil {
		add("organisation.name", &r.Organisation.Name)
	}
	if r.Dispute != nil {
		add("dispute.claimants", &r.Dispute.Claimants)
		add("dispute.name", &r.Dispute.Name)
	}
	return parts
}

// Clone is a copy that shares nothing.
func (r Roles) Clone() Roles {
	r.Area, r.Cell, r.Address, r.Road = own(r.Area), own(r.Cell), own(r.Address), own(r.Road)
	r.Part, r.Landmark, r.Building = own(r.Part), own(r.Landmark), own(r.Building)
	r.Entrance, r.Organisation, r.Dispute = own(r.Entrance), own(r.Organisation), own(r.Dispute)
	return r
}

func own[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

func (l *Layer) validateRoles(bad func(field, value, why string)) {
	level := func(role, field, name string) {
		if l.Geometry != GeometryPolygon {
			bad("roles."+role, string(l.Geometry), "needs a polygon layer")
		}
		if !ValidName(name) {
			bad("roles."+role+"."+field, name, "must match [a-z][a-z0-9_]{0,62}")
		}
	}
	if r := l.Roles.Area; r != nil {
		level("area", "level", r.Level)
	}
	if r := l.Roles.Cell; r != nil {
		level("cell", "scheme", r.Scheme)
	}
	if r := l.Roles.Dispute; r != nil {
		if l.Geometry != GeometryPolygon {
			bad("roles.dispute", string(l.Geometry), "needs a polygon layer")
		}
		if r.Claimants == "" {
			bad("roles.dispute.claimants", "", "is missing: the attribute that names the sides")
		}
	}
	for _, part := range l.Roles.Parts() {
		name := *part.Attribute
		switch i := l.AttributeIndex(name); {
		case name == "":
		case i < 0:
			bad("roles."+part.Name, name, "is not an attribute of the layer")
		case part.Name == "building.households" && !l.Attributes[i].Type.IsNumeric():
			bad("roles."+part.Name, name, "must be an attribute of type int or number")
		case (part.Name == "landmark.from" || part.Name == "landmark.until") && l.Attributes[i].Type != Date && l.Attributes[i].Type != Time:
			bad("roles."+part.Name, name, "must be an attribute of type date or time")
		case part.holdsNumbers() && !l.Attributes[i].Type.IsNumeric() && l.Attributes[i].Type != Text:
			bad("roles."+part.Name, name, "must be an attribute of type int, number or text")
		}
	}
}

// CodeAttribute is the position of the attribute that plays "code" in a role, or -1.
func (l *Layer) CodeAttribute() int { return l.playing("cell.code", "area.code", "part.code") }

// LabelAttribute is the position of the attribute that names a feature to people, or -1.
func (l *Layer) LabelAttribute() int {
	return l.playing("area.name", "area.code", "cell.name", "cell.code", "address.label", "landmark.name", "road.name", "building.name",
		"entrance.name", "organisation.name", "dispute.name", "part.code", "part.class")
}

// playing is the position of the attribute that plays the first of the given parts of roles that one plays, or -1.
func (l *Layer) playing(names ...string) int {
	parts := l.Roles.Parts()
	for _, name := range names {
		if i := slices.IndexFunc(parts, func(p RolePart) bool { return p.Name == name && *p.Attribute != "" }); i >= 0 {
			return l.AttributeIndex(*parts[i].Attribute)
		}
	}
	return -1
}
