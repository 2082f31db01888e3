package casework

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/server/casework/reach"
	"github.com/gewu-city/gewu/server/rest"
)

// Watch is which cases somebody is told of who listens, at one moment.
type Watch struct {
	// Tag is the same for watches that see the same.
	Tag string

	sight  *reach.Sight
	filter *store.Filter
	// inbox asks for cases that may wait for whoever listens; never says that none does.
	inbox, never bool
}

// Watch reads what somebody wants to listen to: the parameters by which a list is asked for, without its order and pages, and
// without what is found by looking into cases. What is wrong is a fault of q, or the error.
func (a *API) Watch(r *http.Request, q *rest.Params) (*Watch, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	l, err := a.wanted(r, q)
	if err != nil {
		return nil, err
	}
	w := &Watch{sight: a.sight(r, l.caller), filter: l.filter}
	if w.inbox = q.Flag("inbox"); w.inbox {
		w.never = !a.inbox(l.filter, l.caller.posts(&l.as))
	}
	text, err := json.Marshal([]any{l.caller.key, l.caller.person, w.sight, w.filter, w.inbox, w.never})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	w.Tag = hex.EncodeToString(sum[:8])
	return w, nil
}

// Sees reports whether somebody is told of a case, and whether they see it as a whole. Nil is no case.
func (w *Watch) Sees(c *store.Summary) (told, full bool) {
	if c == nil || w.never {
		return false, false
	}
	full, public := w.sight.Sees(c)
	return (full || public && !w.inbox) && w.filter.Passes(c), full
}
