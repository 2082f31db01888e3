// Package planning has the commands about schemes of cells: what is wrong with one, and how one is drawn.
package planning

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/gewu-city/gewu/cmd/gewu/requests"
	"github.com/gewu-city/gewu/geo/proj"
)

// Env is what the commands get besides their flags.
type Env struct {
	Ctx            context.Context //nolint:containedctx // lives as long as one command
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Systems reads the coordinate systems that files may be in.
	Systems func() (*proj.Systems, error)
	// Ask asks the city, Send sends it a body with the question.
	Ask  func(path string, query url.Values, out any) error
	Send func(path, contentType string, body io.Reader, out any) error
	// City runs do with a client of the city.
	City func(do func(Client) error) error
	// Progress shows how far reading a file of that many bytes is, -1 when nobody knows.
	Progress func(name string, total int64) (set func(n int64), end func())
	// Count shows how much of a number of things is done.
	Count func(name string, total int64) (set func(n int64), end func())
	// Write makes or replaces a file: it exists complete or not at all.
	Write func(name string, r io.Reader) error
	// Failed ends a command that has already said what is wrong.
	Failed error
}

// Client speaks to the city.
type Client interface {
	// Do sends a request; the error is what is wrong with it, in words.
	Do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error)
}

// Grid are the commands.
type Grid struct {
	Check  Check  `cmd:"" help:"Gaps, overlaps, missing vertices and invalid rings of a scheme or of a file: a proof that there are none, or each with its place."`
	Divide Divide `cmd:"" help:"Draw grids: divide communities along streets, water and parcels, or join blocks, into grids of about the same number of households, work or area; several ways side by side."`
	Diff   Diff   `cmd:"" help:"What a change of cells does: which cells, which ground, which borders, and which doors, parts, households and open cases come from which cell to which."`

	Draw Draw `cmd:"" help:"The ground that a text says by what lies on its four sides (四至): drawn between the roads that it names, or why not."`

	Request requests.Request `cmd:"" help:"Change requests: report cells as unsuitable, survey them, decide about them together, begin the draft that answers."`

	Draft     Draft     `cmd:"" help:"Drafts of schemes: begin, draw, undo, list, forget them."`
	Approve   Approve   `cmd:"" help:"Accept a draft that was checked, as another person than those who drew it, or send it back."`
	Publish   Publish   `cmd:"" help:"Make an approved draft a version of the scheme, now or at a date; or take that back."`
	Renumber  Renumber  `cmd:"" help:"Number the cells of a draft anew, from west to east and north to south, and print the table of codes."`
	Versions  Versions  `cmd:"" help:"Versions of a scheme: when each took effect and what it changed."`
	Lineage   Lineage   `cmd:"" help:"What became of codes of cells, through all versions, as CSV."`
	Report    Report    `cmd:"" help:"A scheme in figures: complete, convenient, balanced, differentiated, with what each cell holds and how far it is to walk."`
	Reconcile Reconcile `cmd:"" help:"Which cells of a finer scheme make up which of a coarser one, where they do not, and whose heads become whose deputies."`
}

// put writes into a file, which exists complete or not at all, or to standard output when it has no name.
func (e *Env) put(name string, write func(io.Writer) error) error {
	if name == "" {
		return write(e.Stdout)
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	return e.Write(name, &text)
}
