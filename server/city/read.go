package city

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
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
	w := c.Engine.World()
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
	return w, err
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
	p := rest.Fault(rest.NotFound, "id", id, fmt.Sprintf("is no feature of layer %s, which has %d", l.Def().Name, l.Len()))
	if head, ok := l.Head(id); ok && head.Deleted {
		p.Detail += fmt.Sprintf("; it ended with seq %d", head.Seq)
	}
	return p
}

// UnknownCell is the answer to a cell that does not exist.
func UnknownCell(scheme, code string) error {
	return rest.Fault(rest.NotFound, "code", code, "is the code of no cell of scheme "+scheme)
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
	if p.Kind == rest.Internal {
		c.Logger.ErrorContext(r.Context(), "stream failed",
			"request_id", RequestID(r), "path", r.URL.Path, "error", err.Error())
		return p.Detail + ": " + RequestID(r)
	}
	return p.Detail
}
