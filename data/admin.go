package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/data/wire"
)

// The kinds of [Admin] records. What their bodies mean is the matter of the packages that write them.
const (
	// AdminOrganisation, AdminPost, AdminStaff and AdminSetting are kept.
	AdminOrganisation = "organisation"
	AdminPost         = "post"
	AdminStaff        = "staff"
	AdminSetting      = "setting"
	// Those of planning are kept, too; they are no part of the directory of people, see [Planning].
	AdminDraft   = "draft"
	AdminStep    = "step"
	AdminVersion = "version"
	AdminLineage = "lineage"
	AdminMark    = "mark"
	AdminRequest = "request"
	// AdminNote is noted.
	AdminNote = "note"
)

// MaxAdminBytes bounds the body of an admin record.
const MaxAdminBytes = 1 << 20

// Admin is a record about who works with the city, not about the city. Records of a *kept* kind have a state: the
// newest counts, a delete ends it, and Worlds and checkpoints hold it. Those of a *noted* kind say that something
// happened: each has an id of its own, none changes or ends another, and only the log holds them.
type Admin struct {
	Kind, ID string
	// Body is a JSON object.
	Body json.RawMessage
}

// AdminName is the name of a record in the admin stream: "KIND:ID".
func AdminName(kind, id string) string { return kind + ":" + id }

// CutAdminName is the kind and the id of a name in the admin stream.
func CutAdminName(name string) (kind, id string) {
	kind, id, _ = strings.Cut(name, ":")
	return kind, id
}

// Planning reports whether a name in the admin stream is that of a record of planning: a draft, a step of one, a version, a
// table of lineage, a mark, or an event of a request. Such records come with every edit, and nothing about people depends on
// them: neither [Tx].Admin nor the state of the directory counts them.
func Planning(name string) bool {
	switch kind, _ := CutAdminName(name); kind {
	case AdminDraft, AdminStep, AdminVersion, AdminLineage, AdminMark, AdminRequest:
		return true
	}
	return false
}

// Noted reports whether a name in the admin stream is that of a noted record.
func Noted(name string) bool { return strings.HasPrefix(name, AdminNote+":") }

// Name is the record's name in the admin stream.
func (a *Admin) Name() string { return AdminName(a.Kind, a.ID) }

// Put is the change that writes the record.
func (a *Admin) Put() Change {
	return Change{Stream: StreamAdmin, Op: OpPut, Layer: a.Name(), Admin: a}
}

// Validate checks a record by itself. The error is a *FieldError.
func (a *Admin) Validate() error {
	switch a.Kind {
	case AdminOrganisation, AdminPost, AdminStaff, AdminSetting, AdminNote:
	case AdminDraft, AdminStep, AdminVersion, AdminLineage, AdminMark, AdminRequest:
	default:
		return &FieldError{Field: "kind", Value: a.Kind, Why: "must be organisation, post, staff, setting, note, or one of planning"}
	}
	if err := CheckID(a.ID); err != nil {
		return err
	}
	if len(a.Body) > MaxAdminBytes {
		return &FieldError{Field: "body", Why: fmt.Sprintf("has %d bytes, at most %d", len(a.Body), MaxAdminBytes)}
	}
	if !bytes.HasPrefix(a.Body, []byte("{")) || !json.Valid(a.Body) {
		return &FieldError{Field: "body", Why: "must be a JSON object"}
	}
	return nil
}

// Kept reports whether the change is one of a thing whose newest change is its state: of a feature, a definition, a
// plan, or an admin record of a kept kind.
func (c *Change) Kept() bool { return c.Stream != StreamCase && !c.Noted() }

// Noted reports whether the change is a note. What is neither kept nor noted is an event of a case.
func (c *Change) Noted() bool { return c.Stream == StreamAdmin && Noted(c.Layer) }

// Kept is that of the change.
func (h *PayloadHead) Kept() bool { return h.Stream != StreamCase && !h.Noted() }

// Noted is that of the change.
func (h *PayloadHead) Noted() bool {
	return h.Stream == StreamAdmin && bytes.HasPrefix(h.Layer, []byte(AdminNote+":"))
}

// appendAdmin appends the content of an admin record: that of a plan, or the body.
func (c *Change) appendAdmin(dst []byte) ([]byte, error) {
	switch {
	case c.Plan != nil && c.Admin != nil:
		return nil, &FieldError{Field: "plan", Value: c.Plan.ID, Why: "is none of an admin record"}
	case c.Plan != nil && !strings.HasPrefix(c.Layer, PlanName):
		return nil, &FieldError{Field: "id", Value: c.Plan.ID, Why: fmt.Sprintf("differs from the name %q of the record", c.Layer)}
	case c.Plan != nil:
		return appendPlan(dst, c.Plan)
	case c.Admin == nil:
		return nil, &FieldError{Field: "plan", Why: "is missing"}
	case c.Admin.Name() != c.Layer:
		return nil, &FieldError{Field: "id", Value: c.Admin.ID, Why: fmt.Sprintf("differs from the name %q of the record", c.Layer)}
	}
	if err := c.Admin.Validate(); err != nil {
		return nil, err
	}
	return wire.AppendText(dst, string(c.Admin.Body)), nil
}

// admin reads what appendAdmin wrote into a change that has its name.
func (d *Decoder) admin(r *wire.Reader, c *Change) (err error) {
	if strings.HasPrefix(c.Layer, PlanName) {
		c.Plan, err = d.plan(r)
		return err
	}
	kind, id := CutAdminName(c.Layer)
	c.Admin = &Admin{Kind: kind, ID: id, Body: json.RawMessage(r.Text())}
	if r.Bad {
		return nil // reported by the caller
	}
	return c.Admin.Validate()
}
