package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
)

// position is a place in the log as clients name it: "seq" or "epoch-seq".
type position struct {
	epoch data.Epoch
	seq   data.Seq
}

func formatPosition(epoch data.Epoch, seq data.Seq) string {
	return string(epoch) + "-" + strconv.FormatUint(uint64(seq), 10)
}

func parsePosition(s string) (p position, ok bool) {
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		p.epoch, s = data.Epoch(s[:i]), s[i+1:]
		if p.epoch == "" {
			return p, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	p.seq = data.Seq(n)
	return p, err == nil
}

// world takes the World to answer from: the present one, or one at min_seq or later, for which it waits a little.
func (s *Server) world(r *http.Request, p *rest.Params) (*index.World, error) {
	w := s.cfg.Engine.World()
	text := p.Text("min_seq")
	if text == "" || p.Fault() != nil {
		return w, p.Fault()
	}
	at, ok := parsePosition(text)
	if !ok {
		return nil, rest.Fault(rest.BadRequest, "min_seq", text, "must be a position: a number or epoch-number")
	}
	if at.epoch != "" && at.epoch != w.Epoch() {
		return nil, rest.Fault(rest.Gone, "min_seq", text, "belongs to another history")
	}
	if w.Seq() >= at.seq {
		return w, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Limits.MinSeq)
	defer cancel()
	w, err := s.cfg.Engine.Wait(ctx, at.seq)
	if errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		return nil, rest.Fault(rest.Unavailable, "min_seq", text, fmt.Sprintf("is not reached yet, the server is at %d", s.cfg.Engine.World().Seq())).
			With("Retry-After", "1").Because(err)
	}
	return w, err
}

// setSeq tells the position that the answer belongs to.
func setSeq(w http.ResponseWriter, seq data.Seq) {
	w.Header().Set("X-Gewu-Seq", strconv.FormatUint(uint64(seq), 10))
}

// unknownLayer is the answer to a layer that does not exist; it names those that do.
func unknownLayer(w *index.World, name string) error {
	names := make([]string, len(w.Layers()))
	for i, l := range w.Layers() {
		names[i] = l.Def().Name
	}
	return rest.Unknown("layer", name, names)
}

// parseBox reads minlon,minlat,maxlon,maxlat.
func parseBox(text string) (geo.Box, error) { return rest.Box(text) }

// publicText is the text of an error that a client may read, for streams whose status is sent. What lies behind it
// goes to the log.
func (s *Server) publicText(r *http.Request, err error) string {
	if file, ok := errors.AsType[*convert.FileError](err); ok {
		return file.Error()
	}
	p := rest.Of(err)
	if p.Kind == rest.Internal {
		s.cfg.Logger.ErrorContext(r.Context(), "stream failed",
			"request_id", requestIDOf(r), "path", r.URL.Path, "error", err.Error())
		return p.Detail + ": " + requestIDOf(r)
	}
	return p.Detail
}
