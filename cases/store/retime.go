package store

import "time"

// Retime asks anew when open cases are due, which may have changed without an event: another calendar counts. due is asked with
// nobody appending to the case, and whoever follows hears of each as of one whose marks were told. It returns the cases of which
// due knows no answer, with the reasons, and how many have another due time now.
func (s *Store) Retime(ids []string, due func(id string) (time.Time, error)) (changed int, faults map[string]error) {
	defer s.lockAll(ids)()
	faults = map[string]error{}
	at := map[uint32]int64{}
	var asked []string
	for _, id := range ids {
		is, ok := s.Find(id)
		if !ok || is.Final {
			continue
		}
		t, err := due(id)
		if err != nil {
			faults[id] = err
			continue
		}
		asked = append(asked, id)
		if millis(t) != millis(is.Due) {
			s.rows.RLock()
			at[s.row[id]] = millis(t)
			s.rows.RUnlock()
		}
	}
	s.redue(at)
	for _, id := range asked {
		s.told(id, nil)
	}
	return len(at), faults
}

// redue writes due times by row.
func (s *Store) redue(at map[uint32]int64) {
	if len(at) == 0 {
		return
	}
	s.publish.Lock()
	defer s.publish.Unlock()
	w := s.now.Load().write()
	for row, due := range at {
		chunk, i := w.row(row)
		chunk.due[i] = due
	}
	s.now.Store(&w.snapshot)
}
