package people

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// record is a kind of admin record that this package writes.
type record interface {
	Organisation | Post | Staff
}

// Record is the admin record of an organisation, a post or a person. It is not validated.
func Record[T record](one *T) (*data.Admin, error) {
	a := &data.Admin{}
	switch one := any(one).(type) {
	case *Organisation:
		a.Kind, a.ID = data.AdminOrganisation, one.ID
	case *Post:
		a.Kind, a.ID = data.AdminPost, one.ID
	case *Staff:
		a.Kind, a.ID = data.AdminStaff, one.ID
	}
	var err error
	if a.Body, err = json.Marshal(one); err != nil {
		return nil, fmt.Errorf("write %s: %w", a.Name(), err)
	}
	return a, nil
}

// Same reports whether two records say the same; a nil one says nothing.
func Same[T record](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, err := Record(a)
	if err != nil {
		return false
	}
	y, err := Record(b)
	return err == nil && x.Name() == y.Name() && bytes.Equal(x.Body, y.Body)
}

// Read is what an admin record says; members that T does not have are a fault. The error names the record.
func Read[T record](a *data.Admin) (*T, error) {
	one := new(T)
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(one); err != nil {
		return nil, fmt.Errorf("read %s: %w", a.Name(), err)
	}
	return one, nil
}
