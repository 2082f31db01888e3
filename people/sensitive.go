package people

import (
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// CheckSensitive verifies that a layer about persons is owned by an organisation and read by posts of the directory. In a
// city whose directory has no organisations there is nothing to compare with. Each error is a *[data.FieldError].
func (d *Directory) CheckSensitive(l *data.Layer) (faults []error) {
	if l.Sensitive == nil || len(d.organisations) == 0 {
		return nil
	}
	if _, ok := d.Organisation(l.Sensitive.Owner); !ok {
		faults = append(faults, &data.FieldError{Field: "sensitive.owner", Value: l.Sensitive.Owner, Why: "is no organisation of the directory"})
	}
	for i, post := range l.Sensitive.Readers {
		if _, ok := d.Post(post); !ok {
			faults = append(faults, &data.FieldError{Field: fmt.Sprintf("sensitive.readers[%d]", i), Value: post, Why: "is no post of the directory"})
		}
	}
	return faults
}
