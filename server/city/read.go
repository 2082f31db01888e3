package city

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/sensitive"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

// Position is a place in the log as clients name it: "seq" or "epoch-seq".
type Position struct {
	Epoch data.Epoch
	Seq   data.Seq
}

// FormatPosition is the form that [ParsePosition] reads.
func FormatPosition(epoch data.Epoch, seq data.Seq) string {
	return string(epoch) + "-" + strconv.FormatUint(uint64(seq), 10)
}

// ParsePosition reads a position; without an epoch that member is empty.
func ParsePosition(s string) (p Position, ok bool) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		p.Epoch, s = data.Epoch(s[:i]), s[i+1:]
		if p.Epoch == "" {
			return p, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	p.Seq = data.Seq(n)
	return p, err == nil
}

// World takes the World to answer from: the present one, or one at min_seq or later, for which it waits a little.
func (c *City) World(r *http.Request, p *rest.Params) (*index.World, error) {
	w := c.Present(r)
	text := p.Text("min_seq")
	if text == "" || p.Fault() != nil {
		return w, p.Fault()
	}
	at, ok := ParsePosition(text)
	if !ok {
		return nil, rest.Fault(rest.BadRequest, "min_seq", text, "must be a position: a number or epoch-number")
	}
	if at.Epoch != "" && at.Epoch != w.Epoch() {
		return nil, rest.Fault(rest.Gone, "min_seq", text, "belongs to another history")
	}
	if w.Seq() >= at.Seq {
		return w, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), c.Limits.MinSeq)
	defer cancel()
	w, err := c.Engine.Wait(ctx, at.Seq)
	if errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		return nil, rest.Fault(rest.Unavailable, "min_seq", text, fmt.Sprintf("is not reached yet, the server is at %d", c.Engine.World().Seq())).
			With("Retry-After", "1").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return c.See(r, w), nil
}

// SetSeq tells the position that the answer belongs to.
func SetSeq(w http.ResponseWriter, seq data.Seq) {
	w.Header().Set("X-Gewu-Seq", strconv.FormatUint(uint64(seq), 10))
}

// UnknownLayer is the answer to a layer that does not exist; it names those that do.
func UnknownLayer(w *index.World, name string) error {
	names := make([]string, len(w.Layers()))
	for i, l := range w.Layers() {
		names[i] = l.Def().Name
	}
	return rest.Unknown("layer", name, names)
}

// UnknownFeature is the answer to a feature that does not exist; it says when it ended.
func UnknownFeature(l *index.Layer, id string) error {
	p := rest.Fault(rest.NotFound, "id", id, fmt.Sprintf("is no feature of layer %s, which has %s", l.Def().Name, CountOf(l)))
	if head, ok := l.Head(id); ok && head.Deleted && head.Seq > 0 {
		p.Detail += fmt.Sprintf("; it ended with seq %d", head.Seq)
	}
	return p
}

// CountOf is how many features a layer has, in words; of persons and households it says no more than it may.
func CountOf(l *index.Layer) string {
	if l.Def().Sensitive != nil {
		_, text := sensitive.Rounded(l.Len())
		return text
	}
	return strconv.Itoa(l.Len())
}

// UnknownIn is the answer to a feature that does not exist in a World of the past: it also says since when it does, when
// that was later. The error is that of the log otherwise.
func (c *City) UnknownIn(r *http.Request, asked *Asked, l *index.Layer, id string) error {
	unknown := UnknownFeature(l, id)
	p, ok := errors.AsType[*rest.Problem](unknown)
	ctx := r.Context()
	present, exists := c.Present(r).Layer(l.Def().Name)
	if !ok || !exists || asked.Shown.At == nil && asked.AsOf == nil {
		return unknown
	}
	if head, ok := l.Head(id); ok && head.Seq > 0 {
		return unknown // it was there before
	}
	head, ok := present.Head(id)
	if !ok {
		return unknown
	}
	var first data.Header
	var since time.Time
	// The way to its beginning may be long: a feature that was changed so often is answered without.
	for n := 0; head.Seq > 0; n++ {
		if n == longestPast {
			return unknown
		}
		h, err := c.Store.Header(ctx, head.Seq)
		if err != nil {
			return err
		}
		changes, err := c.Store.Changes(ctx, head.Seq, head.Permanent)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			return unknown
		}
		from := h.Recorded
		if h.Effective.Before(from) {
			from = h.Effective
		}
		// By what was known the oldest entry counts, by what was effective the earliest.
		if put := changes[len(changes)-1].Op == data.OpPut; put && (asked.Shown.At == nil || since.IsZero() || !from.After(since)) {
			first, since = h, from
		}
		head.Seq = changes[0].Prev
	}
	if !since.IsZero() {
		p.Detail += fmt.Sprintf("; it exists since %s, recorded with seq %d", since.In(c.zone()).Format(time.RFC3339), first.Seq)
	}
	return p
}

// longestPast bounds the changes that are looked at for the beginning of a feature.
const longestPast = 1000

// mostHeirs bounds the cells that the answer to a code that has ended names.
const mostHeirs = 8

// UnknownCell is the answer to a cell that does not exist in a World: of a code that has ended it says what became of it.
func UnknownCell(w *index.World, scheme, code string) error {
	ended, heirs := version.Became(w.Whole(), scheme, code)
	if ended == 0 {
		return rest.Fault(rest.NotFound, "code", code, "is the code of no cell of scheme "+scheme)
	}
	why := fmt.Sprintf("has ended with version %d of scheme %s", ended, scheme)
	if n := len(heirs); n > mostHeirs {
		why += fmt.Sprintf(" and became %s and %d more", strings.Join(heirs[:mostHeirs], ", "), n-mostHeirs)
	} else if n > 0 {
		why += " and became " + strings.Join(heirs, ", ")
	}
	return rest.Fault(rest.NotFound, "code", code, why+"; GET /v1/schemes/"+scheme+"/lineage?code= tells its history, and at= or version= shows it as it was")
}

// Behind is the number of durable entries that a World does not show.
func (c *City) Behind(w *index.World) uint64 {
	if last := c.Store.Last(); last > w.Seq() {
		return uint64(last - w.Seq())
	}
	return 0
}

// PublicText is the text of an error that a client may read, for streams whose status is sent. What lies behind it
// goes to the log.
func (c *City) PublicText(r *http.Request, err error) string {
	if file, ok := errors.AsType[*convert.FileError](err); ok {
		return file.Error()
	}
	p := rest.Of(err)
	if p.Kind == rest.Internal || p.Kind == rest.Damaged {
		c.Logger.ErrorContext(r.Context(), "stream failed",
			"request_id", RequestID(r), "path", r.URL.Path, "error", err.Error())
	}
	if p.Kind == rest.Internal {
		return p.Detail + ": " + RequestID(r)
	}
	return p.Detail
}
