package history

import (
	"context"
	"fmt"

	"github.com/gewu-city/gewu/data"
)

// Definitions finds what a layer was defined as at an entry of the log: the names that a change had when it was made. It
// reads each definition once, the newest first, and belongs to one goroutine.
type Definitions struct {
	log    Log
	layers map[string][]defined
}

// defined is a definition, since when it holds, and the entry of the one before, 0 for none.
type defined struct {
	since, before data.Seq
	layer         *data.Layer
}

// NewDefinitions returns definitions that are read from log.
func NewDefinitions(log Log) *Definitions {
	return &Definitions{log: log, layers: map[string][]defined{}}
}

// At is the definition of a layer at entry seq, the first one for an entry before it was made. now is its present
// definition, of entry newest.
func (d *Definitions) At(ctx context.Context, now *data.Layer, newest, seq data.Seq) (*data.Layer, error) {
	if newest <= seq {
		return now, nil
	}
	known := d.layers[now.Name]
	if len(known) == 0 || known[0].since != newest {
		first, err := d.read(ctx, now.Name, newest)
		if err != nil {
			return nil, err
		}
		known = []defined{first}
	}
	for {
		for i := range known {
			if known[i].since <= seq || known[i].before == 0 {
				d.layers[now.Name] = known
				return known[i].layer, nil
			}
		}
		next, err := d.read(ctx, now.Name, known[len(known)-1].before)
		if err != nil {
			return nil, err
		}
		known = append(known, next)
	}
}

// read reads the definition that entry seq has made.
func (d *Definitions) read(ctx context.Context, layer string, seq data.Seq) (defined, error) {
	changes, err := d.log.Changes(ctx, seq, 0)
	if err != nil {
		return defined{}, fmt.Errorf("read seq %d: %w", seq, err)
	}
	for i := range changes {
		if c := &changes[i]; c.Stream == data.StreamSchema && c.Layer == layer && c.Definition != nil {
			return defined{since: seq, before: c.Prev, layer: c.Definition}, nil
		}
	}
	return defined{}, fmt.Errorf("entry %d defines no layer %s: %w", seq, layer, data.ErrFormat)
}
