package outline

// Forget drops the drawings that a Store keeps.
func (s *Store) Forget() { s.drawn.InvalidateAll() }
