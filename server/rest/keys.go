package rest

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Bounds of the remembered keys.
const (
	mostKeys       = 10_000
	keysKeptFor    = 24 * time.Hour
	longestKey     = 128
	idempotencyKey = "Idempotency-Key"
)

// Keys remembers the answers to requests with an Idempotency-Key, in memory: the newest mostKeys of the last
// keysKeptFor. The zero value needs only Now. It is safe for concurrent use.
type Keys struct {
	// Now is the clock that tells the age of keys.
	Now func() time.Time

	mu     sync.Mutex
	byKey  map[string]*keyed
	oldest []*keyed // in the order of arrival
}

// keyed is one key. Failures are not remembered: the same request may be tried again.
type keyed struct {
	key  string
	body [sha256.Size]byte
	at   time.Time
	done chan struct{} // closed when the request has ended
	// seq is set before done is closed when the request succeeded.
	seq data.Seq
	ok  bool
}

// Once runs do, or returns what it returned for the same key and body. A request that comes while the first one runs
// waits for it.
func (k *Keys) Once(r *http.Request, body []byte, do func() (data.Seq, error)) (data.Seq, error) {
	values := r.Header.Values(idempotencyKey)
	if len(values) == 0 {
		return do()
	}
	key := values[0]
	if !saneKey(key) || len(values) > 1 {
		return 0, Fault(BadRequest, idempotencyKey, key, "must be one value of 1 to 128 printable ASCII characters")
	}
	sum := sha256.Sum256(body)
	for {
		have, mine := k.claim(key, sum)
		if mine {
			return k.run(have, do)
		}
		if have.body != sum {
			return 0, Fault(Invalid, idempotencyKey, key, "was used for a request with another body")
		}
		select {
		case <-have.done:
		case <-r.Context().Done():
			return 0, r.Context().Err()
		}
		if have.ok {
			return have.seq, nil
		}
	}
}

// run finishes the key even when do panics, so that nobody waits for it in vain.
func (k *Keys) run(e *keyed, do func() (data.Seq, error)) (seq data.Seq, err error) {
	err = errors.New("server: the request was abandoned")
	defer func() { k.finish(e, seq, err) }()
	seq, err = do()
	return seq, err
}

func saneKey(key string) bool {
	if key == "" || len(key) > longestKey {
		return false
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// claim returns the entry of a key and whether the caller has made it and must finish it.
func (k *Keys) claim(key string, body [sha256.Size]byte) (*keyed, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	for len(k.oldest) > 0 && (len(k.oldest) >= mostKeys || now.Sub(k.oldest[0].at) > keysKeptFor) {
		if k.byKey[k.oldest[0].key] == k.oldest[0] {
			delete(k.byKey, k.oldest[0].key)
		}
		k.oldest = k.oldest[1:]
	}
	if have, ok := k.byKey[key]; ok {
		return have, false
	}
	e := &keyed{key: key, body: body, at: now, done: make(chan struct{})}
	if k.byKey == nil {
		k.byKey = map[string]*keyed{}
	}
	k.byKey[key] = e
	k.oldest = append(k.oldest, e)
	return e, true
}

func (k *Keys) finish(e *keyed, seq data.Seq, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.ok = err == nil; e.ok {
		e.seq = seq
	} else if k.byKey[e.key] == e {
		delete(k.byKey, e.key)
	}
	close(e.done)
}
