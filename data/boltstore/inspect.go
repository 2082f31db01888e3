package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gewu-city/gewu/data"
)

// Problem is one broken invariant of a store.
type Problem struct {
	Where string
	What  string
}

// String is "where: what".
func (p Problem) String() string { return p.Where + ": " + p.What }

// inspection is what reading a whole file found.
type inspection struct {
	problems []Problem
	// blocks are problems of checkpoint blocks alone, which the store rebuilds by itself.
	blocks []Problem
	settings
	defs definitions
	// intact is the last of the entries from 1 on that are all in order.
	intact data.Seq
	// beyond reports that an entry after the first damaged one is in order: then the damage is no torn tail.
	beyond bool
	// readable is false when the file has no valid header or no log.
	readable bool
	changes  int
}

// mostProblems bounds a report: the first ones say enough.
const mostProblems = 100

func (in *inspection) bad(where, what string) {
	if len(in.problems) < mostProblems {
		in.problems = append(in.problems, Problem{where, what})
	}
}

// repairable reports whether the damage costs at most the newest entries.
func (in *inspection) repairable() bool { return in.readable && !in.beyond }

// err is the damage as an error, nil when there is none that matters.
func (in *inspection) err(path string) error {
	if in.format > formatVersion {
		return checkFormat(in.format)
	}
	if len(in.problems) == 0 {
		return nil
	}
	p := in.problems[0]
	what := p.What
	if n := len(in.problems); n > 1 {
		what = fmt.Sprintf("%s (and %d more)", what, n-1)
	}
	return corrupt(path, p.Where, what, in.repairable())
}

// visitor looks at what an inspection reads; any member may be nil. Bytes are valid during the call only.
type visitor struct {
	// payload gets each checked payload of the intact entries; last marks the end of an entry.
	payload func(h *data.Header, encoded, payload []byte, last bool)
	row     func(key []byte, rows []row)
}

// inspect reads the whole file with the given header and checks everything that needs no memory in proportion to
// the number of features: structure of pages, settings, definitions, hashes and chain of the log, checksums of
// blocks. It ends early with the error of ctx or of reading.
func inspect(ctx context.Context, r io.ReaderAt, size int64, meta boltMeta, v visitor) (*inspection, error) {
	in := &inspection{defs: definitions{layers: map[string]*definition{}, schemes: map[string]*definition{}}}
	im := newImage(r, size, meta, in.bad)
	buckets := map[string]element{}
	im.walk("list of buckets", meta.root, func(e element) {
		if e.flags != 1 {
			in.bad("list of buckets", fmt.Sprintf("%q is not a bucket", e.key))
			return
		}
		buckets[string(e.key)] = element{flags: e.flags, key: bytes.Clone(e.key), value: bytes.Clone(e.value)}
	})
	for name := range buckets {
		switch name {
		case string(bucketMeta), string(bucketDefs), string(bucketLog), string(bucketRows):
		default:
			in.bad("list of buckets", fmt.Sprintf("%q is unknown", name))
		}
	}
	open := func(name []byte, visit func(element)) bool {
		e, ok := buckets[string(name)]
		if !ok {
			in.bad("list of buckets", fmt.Sprintf("%q is missing", name))
			return false
		}
		im.bucket(e, func(e element) {
			if e.flags != 0 {
				in.bad(fmt.Sprintf("bucket %s", name), fmt.Sprintf("key %x is not a value", e.key))
				return
			}
			if ctx.Err() == nil {
				visit(e)
			}
		})
		return true
	}
	if open(bucketMeta, in.takeSetting) {
		if err := in.complete(); err != nil {
			in.bad("bucket meta", err.Error())
		}
	}
	if in.format > formatVersion {
		return in, nil // what follows may look different
	}
	in.defs.dropped = in.dropped
	open(bucketDefs, in.takeDefinition)
	log := logInspector{in: in, visit: v.payload, scanner: newScanner(1)}
	in.readable = open(bucketLog, log.take)
	log.end()
	open(bucketRows, func(e element) { in.takeBlock(e, v.row) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if in.mark > in.last || in.dropped > in.last {
		in.bad("bucket meta", "the checkpoint is newer than the log")
	}
	im.free()
	return in, nil
}

func (in *inspection) takeSetting(e element) {
	if err := in.set(e.key, e.value); err != nil {
		in.bad("bucket meta", err.Error())
	}
}

func (in *inspection) takeDefinition(e element) {
	d, err := parseDefinition(e.key, e.value, &data.Decoder{})
	if err != nil {
		in.bad(fmt.Sprintf("definition %q", e.key), err.Error())
		return
	}
	in.defs.of(d.change.Stream)[d.change.Layer] = d
}

func (in *inspection) takeBlock(e element, visit func(key []byte, rows []row)) {
	var err error
	if visit == nil {
		if _, ok := unseal(e.key, e.value); !ok {
			err = errBlock
		}
	} else {
		var rows []row
		if rows, err = parseBlock(e.key, e.value); err == nil {
			visit(e.key, rows)
		}
	}
	if err != nil && len(in.blocks) < mostProblems {
		in.blocks = append(in.blocks, Problem{fmt.Sprintf("checkpoint block %x", e.key), err.Error()})
	}
}

// logInspector reads the records of the log in order, and after damage looks whether a later entry is in order.
type logInspector struct {
	in      *inspection
	visit   func(h *data.Header, encoded, payload []byte, last bool)
	scanner scanner
	header  []byte // encoded, of the entry that is read
	lost    bool   // after the first damage
	// after reads the entry that is looked at after damage.
	after *scanner
}

func (l *logInspector) take(e element) {
	if l.lost {
		l.search(e)
		return
	}
	payload, last, err := l.scanner.take(e.key, e.value)
	if damage, ok := errors.AsType[*damageError](err); ok {
		l.in.bad(damage.where, damage.what)
		l.lost = true
		l.search(e)
		return
	}
	if !payload {
		if l.visit != nil {
			l.header = append(l.header[:0], e.value...)
		}
		return
	}
	l.in.changes++
	if l.visit != nil {
		l.visit(&l.scanner.header, l.header, e.value, last)
	}
	if last {
		l.in.intact = l.scanner.next - 1
	}
}

// search looks for one later entry that is complete and matches its hashes, wherever the chain came from.
func (l *logInspector) search(e element) {
	if l.in.beyond {
		return
	}
	seq, n, ok := parseLogKey(e.key)
	if !ok {
		return
	}
	if n == 0 && seq > l.in.intact+1 {
		h, err := data.DecodeHeader(e.value)
		if err != nil {
			l.after = nil
			return
		}
		l.after = &scanner{next: seq, chained: true, chain: h.PrevHash}
	}
	if l.after == nil {
		return
	}
	_, last, err := l.after.take(e.key, e.value)
	if err != nil {
		l.after = nil
		return
	}
	l.in.beyond = last
}

// end compares where the log ends with where it should.
func (l *logInspector) end() {
	if l.lost {
		return
	}
	switch {
	case l.scanner.done > 0:
		l.in.bad(fmt.Sprintf("log entry %d", l.scanner.next), "changes are missing at its end")
	case l.in.intact != l.in.last:
		l.in.bad("log", fmt.Sprintf("ends at entry %d and should end at %d", l.in.intact, l.in.last))
	case l.scanner.chain != l.in.lastHash:
		l.in.bad(fmt.Sprintf("log entry %d", l.in.last), "is not the newest entry that was committed")
	}
}
