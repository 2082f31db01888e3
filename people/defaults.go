package people

import "github.com/gewu-city/gewu/data"

// The posts that are there from the beginning.
const (
	PostCollector     = "collector"
	PostOperator      = "operator"
	PostDutyChief     = "duty-chief"
	PostDispatcher    = "dispatcher"
	PostHandler       = "handler"
	PostInspector     = "inspector"
	PostGridHead      = "grid-head"
	PostPlanner       = "planner"
	PostApprover      = "approver"
	PostAdministrator = "administrator"
	// PostPublic is what whoever is not logged in may do. Nobody holds it.
	PostPublic = "public"
)

// DefaultPosts are the posts that are there from the beginning: those of the closed loop of city management with
// grids, and those of planning. The result belongs to the caller.
func DefaultPosts() []Post {
	see := func(area string) Grant { return Grant{Layers: []string{AnyLayer}, Read: true, Area: area} }
	change := func(area string) Grant { return Grant{Layers: []string{AnyLayer}, Read: true, Write: true, Area: area} }
	may := func(p ...Permission) []Permission { return append([]Permission{}, p...) }
	return []Post{
		{
			ID: PostCollector, Title: data.Title{"zh": "监督员", "en": "Collector"}, Duty: RoleOversight,
			Permissions: may(Cases), Layers: []Grant{see(AreaAll)},
		},
		{
			ID: PostOperator, Title: data.Title{"zh": "受理员", "en": "Operator"},
			Permissions: may(Cases), Layers: []Grant{see(AreaAll)},
		},
		{
			ID: PostDutyChief, Title: data.Title{"zh": "值班长", "en": "Duty chief"},
			Permissions: may(Export, Cases, Pictures), Layers: []Grant{see(AreaAll)},
		},
		{
			ID: PostDispatcher, Title: data.Title{"zh": "派遣员", "en": "Dispatcher"},
			Permissions: may(Export, Cases), Layers: []Grant{see(AreaAll)},
		},
		{
			ID: PostHandler, Title: data.Title{"zh": "处置部门", "en": "Handling department"}, Duty: RoleResponsible,
			Permissions: may(Edit, Import, Export, Undo), Layers: []Grant{change(AreaOrganisation)},
		},
		{
			ID: PostInspector, Title: data.Title{"zh": "督导员", "en": "Inspector"}, Duty: RoleOversight,
			Permissions: may(Export, Cases), Layers: []Grant{see(AreaOrganisation)},
		},
		{
			ID: PostGridHead, Title: data.Title{"zh": "网格长", "en": "Grid head"}, Duty: RoleStaff,
			Permissions: may(Edit, Cases), Layers: []Grant{see(AreaOrganisation), change(AreaCells)},
		},
		{
			ID: PostPlanner, Title: data.Title{"zh": "规划员", "en": "Planner"},
			Permissions: may(Draft, Export), Layers: []Grant{see(AreaOrganisation)},
		},
		{
			ID: PostApprover, Title: data.Title{"zh": "审批员", "en": "Approver"},
			Permissions: may(Approve, Publish, Export), Layers: []Grant{see(AreaAll)},
		},
		{
			ID: PostAdministrator, Title: data.Title{"zh": "管理员", "en": "Administrator"},
			Permissions: Permissions(), Layers: []Grant{change(AreaAll)},
		},
		{
			ID: PostPublic, Title: data.Title{"zh": "公众", "en": "Public"},
			Permissions: may(), Layers: []Grant{see(AreaAll)},
		},
	}
}
