package data_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/sensitive"
)

// elders is a sensitive layer that is valid.
func elders() *data.Layer {
	return &data.Layer{
		Name: "elders", Geometry: data.GeometryNone, ID: data.IDRule{Generate: "ulid"},
		Sensitive: &sensitive.Rule{
			Subject: sensitive.Person, Purpose: "meals at home", Basis: "written consent", Owner: "street-01", Expiry: "P2Y", Readers: []string{"meal-service"},
		},
		Attributes: []data.Attribute{{Name: "name", Type: data.Text, Personal: true}, {Name: "born", Type: data.Date, Personal: true}, {Name: "need", Type: data.Text}},
	}
}

// TestSensitive: a layer about persons is refused when it does not say all that it must, and when something else would
// need the plain text.
func TestSensitive(t *testing.T) {
	if err := elders().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field string
		spoil func(*data.Layer)
	}{
		{"sensitive.subject", func(l *data.Layer) { l.Sensitive.Subject = "cat" }},
		{"sensitive.purpose", func(l *data.Layer) { l.Sensitive.Purpose = " " }},
		{"sensitive.basis", func(l *data.Layer) { l.Sensitive.Basis = "" }},
		{"sensitive.owner", func(l *data.Layer) { l.Sensitive.Owner = "" }},
		{"sensitive.expiry", func(l *data.Layer) { l.Sensitive.Expiry = "" }},
		{"sensitive.expiry", func(l *data.Layer) { l.Sensitive.Expiry = "P0D" }},
		{"sensitive.expiry", func(l *data.Layer) { l.Sensitive.Expiry = "P" }},
		{"sensitive.readers", func(l *data.Layer) { l.Sensitive.Readers = nil }},
		{"sensitive.readers[1]", func(l *data.Layer) { l.Sensitive.Readers = []string{"a", "a"} }},
		{"attributes[0].personal", func(l *data.Layer) { l.Sensitive = nil }},
		{"attributes[0].personal", func(l *data.Layer) { l.Attributes[0].Unique = true }},
		{"attributes[0].personal", func(l *data.Layer) { l.Attributes[0].Default = data.TextValue(data.Text, "x") }},
		{"attributes[0].personal", func(l *data.Layer) { l.ID = data.IDRule{Attribute: "name"} }},
		{"attributes[1].personal", func(l *data.Layer) { l.Attributes[1].Type = data.Ref }},
		{"id.generate", func(l *data.Layer) { l.ID.Generate = "hash" }},
		{"roles", func(l *data.Layer) { l.Roles.Landmark = &data.LandmarkRole{Name: "need"} }},
	} {
		l := elders()
		c.spoil(l)
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), c.field+":") {
			t.Errorf("want a fault of %s, got %v", c.field, err)
		}
	}
	// The members survive JSON.
	text, err := json.Marshal(elders())
	if err != nil {
		t.Fatal(err)
	}
	var again data.Layer
	if err := json.Unmarshal(text, &again); err != nil || again.Sensitive == nil || again.Sensitive.Expiry != "P2Y" || !again.Attributes[0].Personal || again.Attributes[2].Personal {
		t.Errorf("%s came back as %+v, %v", text, again, err)
	}
}

// TestCheckStored: plain text of personal attributes is checked like any other, and never stored; sealed values are no
// values of other attributes.
func TestCheckStored(t *testing.T) {
	l := elders()
	plain := data.Feature{ID: "e1", Values: []data.Value{data.TextValue(data.Text, "王小明")}}
	if err := l.Check(&plain); err != nil {
		t.Error(err)
	}
	if err := l.CheckStored(&plain); err == nil || strings.Contains(err.Error(), "王小明") {
		t.Errorf("plain text: %v", err)
	}
	sealed := data.Feature{ID: "e1", Values: []data.Value{data.SealedValue([]byte("x")), data.SealedValue([]byte("y"))}}
	if err := l.CheckStored(&sealed); err != nil {
		t.Error(err)
	}
	sealed.Values = append(sealed.Values, data.SealedValue([]byte("z")))
	if l.CheckStored(&sealed) == nil {
		t.Error("a sealed value stands in an attribute that is not personal")
	}
	sealed.Values = []data.Value{data.SealedValue(make([]byte, data.MaxSealedBytes+1))}
	if l.CheckStored(&sealed) == nil {
		t.Error("a sealed value may be of any length")
	}
	l.Attributes[0] = data.Attribute{Name: "name", Type: data.Text, Personal: true, Dropped: true}
	if l.CheckStored(&plain) == nil {
		t.Error("plain text may be stored in an attribute that was dropped")
	}
	if v := data.SealedValue([]byte("秘")); v.String() != data.Mask || v.Any() != data.Mask {
		t.Errorf("a sealed value is shown as %v", v)
	}
}
