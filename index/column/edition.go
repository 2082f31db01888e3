package column

// Edition is what the handles of a text column meant at a time, to know again what was found out about its texts. It is
// immutable.
type Edition struct{ dict dictionary }

// Edition is the present one.
func (v *Values) Edition() Edition { return Edition{v.dict.view()} }

// Texts is the number of texts: their handles are 1 to Texts.
func (e *Edition) Texts() int { return int(e.dict.n) }

// Extends reports whether every handle of old means the same in e.
func (e *Edition) Extends(old *Edition) bool {
	if len(e.dict.chunks) < len(old.dict.chunks) || e.dict.n < old.dict.n {
		return false
	}
	for i, chunk := range old.dict.chunks {
		if e.dict.chunks[i] != chunk {
			return false
		}
	}
	return true
}
