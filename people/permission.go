package people

import (
	"slices"
	"strings"
)

// Permission is something that a post allows, wherever its grants reach.
type Permission string

// The permissions.
const (
	// Define creates, alters and drops layers, schemes and dictionaries.
	Define Permission = "define"
	// Edit changes features.
	Edit Permission = "edit"
	// Import loads files into layers, Export takes whole layers out.
	Import Permission = "import"
	Export Permission = "export"
	// Undo turns imports and changes around.
	Undo Permission = "undo"
	// Draft works on drafts of schemes, Approve accepts them, Publish makes them count.
	Draft   Permission = "plan"
	Approve Permission = "approve"
	Publish Permission = "publish"
	// Operate checks, backs up, compacts and measures the store, and sees the jobs of all.
	Operate Permission = "operate"
	// ManagePeople changes organisations, posts, staff and accounts.
	ManagePeople Permission = "people"
	// Audit reads what was done and read by whom.
	Audit Permission = "audit"
	// ReadPersonal sees personal data unmasked, where a layer names the post as a reader.
	ReadPersonal Permission = "read-personal"
	// Cases sees the cases where the post's grants reach. Those of one's own unit and one's own tasks are seen without it.
	Cases Permission = "cases"
	// Pictures lets the public see pictures of cases, and takes them away again.
	Pictures Permission = "pictures"
	// Report reports for others, through programs with a key (Open311). It is for the scopes of keys: a key without scopes has
	// it, whatever posts its account holds, since everybody may report.
	Report Permission = "report"
)

// Permissions are all permissions, in the order in which pages show them.
func Permissions() []Permission {
	return []Permission{Define, Edit, Import, Export, Undo, Draft, Approve, Publish, Operate, ManagePeople, Audit, ReadPersonal, Cases, Pictures, Report}
}

// Known reports whether p is a permission.
func (p Permission) Known() bool { return slices.Contains(Permissions(), p) }

// namesOf is "a, b or c".
func namesOf[T ~string](all []T) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = string(one)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// Role is what a duty is: in which way somebody answers for a place.
type Role string

// The roles: the staff of a cell, and the five bodies that answer for a place (产权、责任、监督、管理、执法主体).
const (
	RoleStaff       Role = "staff"
	RoleOwner       Role = "owner"
	RoleResponsible Role = "responsible"
	RoleOversight   Role = "oversight"
	RoleManagement  Role = "management"
	RoleEnforcement Role = "enforcement"
)

// Roles are all roles, in the order in which duties are listed.
func Roles() []Role {
	return []Role{RoleStaff, RoleOwner, RoleResponsible, RoleOversight, RoleManagement, RoleEnforcement}
}

// Known reports whether r is a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Chinese is what whoever has the role is called in Chinese; the role itself when it is not known.
func (r Role) Chinese() string {
	switch r {
	case RoleStaff:
		return "责任人员"
	case RoleOwner:
		return "产权单位"
	case RoleResponsible:
		return "责任单位"
	case RoleOversight:
		return "监督单位"
	case RoleManagement:
		return "管理单位"
	case RoleEnforcement:
		return "执法单位"
	}
	return string(r)
}
