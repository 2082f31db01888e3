// Package once does a request with an Idempotency-Key once, however often it is sent. What a request has written is
// known by the receipt in the log entry, so that a key is still known after the server has died and was started again.
package once

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/rest"
)

// Bounds of the keys that are known, and of the entries that are read for them after a start.
const (
	mostKeys    = 10_000
	keptFor     = 24 * time.Hour
	mostEntries = 1_000_000
	longestKey  = 128
)

// Header is the name of the header that brings a key.
const Header = "Idempotency-Key"

// Log is what the receipts of earlier runs are read from; see [data.Store] for the contracts.
type Log interface {
	Last() data.Seq
	Header(ctx context.Context, seq data.Seq) (data.Header, error)
}

// Keys are the requests with a key that were done: the newest 10,000 of the last 24 hours. It is safe for concurrent
// use.
type Keys struct {
	log Log
	now func() time.Time

	recovery sync.Mutex
	// recovered says that the receipts of earlier runs are known; guarded by recovery.
	recovered bool

	mu     sync.Mutex
	byKey  map[[16]byte]*keyed
	oldest []*keyed // in the order of arrival
}

// keyed is one key. Failures are not remembered: the same request may be tried again.
type keyed struct {
	receipt data.Receipt
	at      time.Time
	done    chan struct{} // closed when the request has ended
	// seq is set before done is closed when the request has written.
	seq data.Seq
}

// NewKeys knows what the log tells, which it reads for the first request with a key. now tells the age of keys.
func NewKeys(log Log, now func() time.Time) *Keys {
	return &Keys{log: log, now: now, byKey: map[[16]byte]*keyed{}}
}

// claim is the key of a request, in its context. It belongs to the goroutine of the request.
type claim struct {
	receipt data.Receipt
	seq     data.Seq
}

type claimKey struct{}

// ReceiptOf is the receipt that a transaction of the request must carry; zero for a request without a key.
func ReceiptOf(r *http.Request) data.Receipt {
	if c, ok := r.Context().Value(claimKey{}).(*claim); ok {
		return c.receipt
	}
	return data.Receipt{}
}

// Apart is a context for work that goes on when its request has been answered: it has the receipt, and what it writes is found
// by that alone.
func Apart(ctx context.Context) context.Context {
	c, ok := ctx.Value(claimKey{}).(*claim)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, claimKey{}, &claim{receipt: c.receipt})
}

// Landed says that the request has written: from now on the key stands for this entry.
func Landed(r *http.Request, seq data.Seq) {
	if c, ok := r.Context().Value(claimKey{}).(*claim); ok {
		c.seq = seq
	}
}

// Serve runs do, or again when the same request has been done before with the same key: again answers what do has
// answered, out of the entry that do wrote, and body is that of the request. A request that comes while the first one
// runs waits for it. The body is read before, up to limit bytes.
func (k *Keys) Serve(w http.ResponseWriter, r *http.Request, limit int64, do func(http.ResponseWriter, *http.Request) error,
	again func(w http.ResponseWriter, r *http.Request, seq data.Seq, body []byte) error,
) error {
	key, err := KeyOf(r)
	if err != nil {
		return err
	}
	if key == "" {
		return do(w, r)
	}
	body, err := rest.ReadAll(w, r, limit)
	if err != nil {
		return err
	}
	if err := k.recall(r.Context()); err != nil {
		return err
	}
	receipt := data.Receipt{Key: KeyHash(r, key), Request: RequestHash(r, body)}
	for {
		have, mine := k.claim(receipt)
		if mine {
			r.Body = io.NopCloser(bytes.NewReader(body))
			return k.run(have, w, r, do)
		}
		if have.receipt.Request != receipt.Request {
			return rest.Fault(rest.Invalid, Header, key, "was used for another request: a new request needs a new key")
		}
		select {
		case <-have.done:
		case <-r.Context().Done():
			return r.Context().Err()
		}
		if have.seq != 0 {
			return again(w, r, have.seq, body)
		}
	}
}

// KeyOf is the key of a request, empty without one.
func KeyOf(r *http.Request) (string, error) {
	values := r.Header.Values(Header)
	if len(values) == 0 {
		return "", nil
	}
	if !sane(values[0]) || len(values) > 1 {
		return "", rest.Fault(rest.BadRequest, Header, values[0], "must be one value of 1 to 128 printable ASCII characters")
	}
	return values[0], nil
}

func sane(key string) bool {
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

// RequestHash covers what a request asks for: method, address, conditions and body.
func RequestHash(r *http.Request, body []byte) [16]byte {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("If-Match"), r.Header.Get("If-None-Match")} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	h.Write(body)
	return [16]byte(h.Sum(nil))
}

// KeyHash is what is kept of a key. The keys of each account are its own: nobody is told what another one's request did.
func KeyHash(r *http.Request, key string) [16]byte {
	if who := auth.From(r.Context()); who.Known() {
		key = who.Account + "\n" + key
	}
	sum := sha256.Sum256([]byte(key))
	return [16]byte(sum[:])
}

// run finishes the key even when do panics, so that nobody waits for it in vain.
func (k *Keys) run(e *keyed, w http.ResponseWriter, r *http.Request, do func(http.ResponseWriter, *http.Request) error) error {
	c := &claim{receipt: e.receipt}
	defer func() { k.finish(e, c.seq) }()
	return do(w, r.WithContext(context.WithValue(r.Context(), claimKey{}, c)))
}

// claim returns the entry of a key and whether the caller has made it and must finish it.
func (k *Keys) claim(receipt data.Receipt) (*keyed, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	for len(k.oldest) > 0 && (len(k.oldest) >= mostKeys || now.Sub(k.oldest[0].at) > keptFor) {
		if old := k.oldest[0]; k.byKey[old.receipt.Key] == old {
			delete(k.byKey, old.receipt.Key)
		}
		k.oldest = k.oldest[1:]
	}
	if have, ok := k.byKey[receipt.Key]; ok {
		return have, false
	}
	e := &keyed{receipt: receipt, at: now, done: make(chan struct{})}
	k.byKey[receipt.Key] = e
	k.oldest = append(k.oldest, e)
	return e, true
}

// finish ends a request; seq is the entry that it wrote, 0 for none.
func (k *Keys) finish(e *keyed, seq data.Seq) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.seq = seq; seq == 0 && k.byKey[e.receipt.Key] == e {
		delete(k.byKey, e.receipt.Key)
	}
	close(e.done)
}

// recall reads the receipts of earlier runs from the newest entries of the log.
func (k *Keys) recall(ctx context.Context) error {
	k.recovery.Lock()
	defer k.recovery.Unlock()
	if k.recovered {
		return nil
	}
	var found []*keyed
	ended := make(chan struct{})
	close(ended)
	oldest := k.now().Add(-keptFor)
	last := k.log.Last()
	for seq := last; seq > 0 && last-seq < mostEntries && len(found) < mostKeys; seq-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := k.log.Header(ctx, seq)
		if err != nil {
			return err
		}
		if h.Recorded.Before(oldest) {
			break
		}
		if h.Receipt != (data.Receipt{}) {
			found = append(found, &keyed{receipt: h.Receipt, at: h.Recorded, done: ended, seq: seq})
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range slices.Backward(found) {
		k.byKey[e.receipt.Key] = e
		k.oldest = append(k.oldest, e)
	}
	k.recovered = true
	return nil
}
