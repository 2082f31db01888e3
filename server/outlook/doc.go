// Package outlook shows what schemes would be like if drafts counted: it makes Worlds of two tilesets, of the cells as they are
// drawn, and of what they change. It knows neither HTTP nor how tiles are made.
package outlook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/internal/flight"
)

// Names of the tilesets.
const (
	// Drawn has the cells of a draft.
	Drawn = "cells"
	// Changes has what becomes of cells, borders and objects.
	Changes = "changes"
)

// Tilesets are the names of both.
var Tilesets = []string{Drawn, Changes}

// Picture is a World to draw, and the layers of it from the bottom up.
type Picture struct {
	World  *index.World
	Layers []string
	// Moved is how many objects change their cell, Shown how many of them the World holds.
	Moved, Shown int
}

// Pictures makes pictures and keeps those that were asked for last: a map asks for many tiles of one. It is safe for concurrent
// use and starts no goroutines.
type Pictures struct {
	flights flight.Group[string, *Picture]

	mu   sync.Mutex
	kept []keptPicture // the one asked for last at the end
}

type keptPicture struct {
	name    string
	picture *Picture
}

// mostKept bounds the pictures that are kept: one of a district with 11,490 cells takes some 20 MB, and [mostObjects] bound what
// comes on top.
const mostKept = 6

// Of is a tileset of a draft at a Seq. The error is that of ctx.
func (p *Pictures) Of(ctx context.Context, tileset, draft string, seq data.Seq, proposal *survey.Proposal, locator *grid.Locator) (*Picture, error) {
	name := nameOf(tileset, draft, seq, proposal)
	if have, ok := p.find(name); ok {
		return have, nil
	}
	return p.flights.Do(ctx, name, func(ctx context.Context) (*Picture, error) {
		if have, ok := p.find(name); ok {
			return have, nil
		}
		made, err := draw(ctx, tileset, name, proposal, locator)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.kept = append(p.kept, keptPicture{name, made}); len(p.kept) > mostKept {
			p.kept = slices.Delete(p.kept, 0, 1)
		}
		return made, nil
	})
}

func (p *Pictures) find(name string) (*Picture, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.kept, func(k keptPicture) bool { return k.name == name })
	if i < 0 {
		return nil, false
	}
	k := p.kept[i]
	p.kept = append(slices.Delete(p.kept, i, i+1), k)
	return k.picture, true
}

// Forget drops what is kept; it is made again when somebody asks.
func (p *Pictures) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = nil
}

// nameOf names all that a picture depends on: the state of the draft, who looks, and of the city the states of layers rather
// than that of its log, which grows with every case.
func nameOf(tileset, draft string, seq data.Seq, proposal *survey.Proposal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %d", tileset, draft, seq)
	stateOf(&b, proposal.World)
	if proposal.Against != proposal.World && tileset == Changes {
		stateOf(&b, proposal.Against)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return "draft-" + hex.EncodeToString(sum[:16])
}

func stateOf(b *strings.Builder, w *index.World) {
	fmt.Fprintf(b, "\n%s %q %d %d", w.Epoch(), w.View(), w.Line(), w.Defined())
	for _, l := range w.Layers() {
		fmt.Fprintf(b, " %s:%d:%d:%q", l.Def().Name, l.Born(), l.Seq(), l.View())
	}
	if w.View() != "" {
		fmt.Fprintf(b, " %d", w.AdminSeq()) // what somebody sees follows posts and staff
	}
}
