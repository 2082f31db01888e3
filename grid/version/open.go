package version

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// PeekStep reads step n of a draft from the records of a World, without the cells of an import.
func PeekStep(w *index.World, draft string, n int) (*Step, error) {
	r, ok := w.Planning().Find(data.AdminStep, StepID(draft, n, 0))
	if !ok {
		return nil, fmt.Errorf("step %d of draft %s is missing", n, draft)
	}
	s := &Step{}
	if err := json.Unmarshal(r.Body, s); err != nil {
		return nil, fmt.Errorf("step %d of draft %s: %w", n, draft, err)
	}
	return s, nil
}

// ReadStep reads step n of a draft from the records of a World.
func ReadStep(w *index.World, draft string, n int) (*Step, error) {
	s, err := PeekStep(w, draft, n)
	if err != nil || s.Parts == 0 {
		return s, err
	}
	var packed strings.Builder
	for part := range s.Parts {
		r, ok := w.Planning().Find(data.AdminStep, StepID(draft, n, part+1))
		if !ok {
			return nil, fmt.Errorf("part %d of step %d of draft %s is missing", part+1, n, draft)
		}
		var body partBody
		if err := json.Unmarshal(r.Body, &body); err != nil {
			return nil, fmt.Errorf("part %d of step %d of draft %s: %w", part+1, n, draft, err)
		}
		packed.WriteString(body.Data)
	}
	if s.Cells, err = unpack(packed.String()); err != nil {
		return nil, fmt.Errorf("step %d of draft %s: %w", n, draft, err)
	}
	return s, nil
}

// Restore is a draft as its records in a World say: its steps are done again on the base.
func Restore(w *index.World, h *Header, b *Base) (*Draft, error) {
	d := Begin(*h, b)
	for n := range h.Done {
		s, err := ReadStep(w, h.ID, n+1)
		if err != nil {
			return nil, err
		}
		if d, _, err = d.Do(s); err != nil {
			return nil, fmt.Errorf("step %d of draft %s cannot be done again: %w", n+1, h.ID, err)
		}
	}
	d.Header = *h
	return d, nil
}

// Forget are the changes that delete the records of the steps of a draft above number n.
func Forget(w *index.World, h *Header, n int) []data.Change {
	var out []data.Change
	for k := n + 1; k <= h.Steps; k++ {
		for part := 0; ; part++ {
			id := StepID(h.ID, k, part)
			if _, ok := w.Planning().Find(data.AdminStep, id); !ok {
				break
			}
			out = append(out, data.Change{Stream: data.StreamAdmin, Op: data.OpDelete, Layer: data.AdminName(data.AdminStep, id)})
		}
	}
	return out
}
