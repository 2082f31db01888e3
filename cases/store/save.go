package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/wire"
)

// saveVersion is the version of checkpoints. One of another version is thrown away and made anew from the log.
const saveVersion = 2

// Mark is the place of the log up to which a checkpoint is complete: an entry of a history, and the hash of its header, by
// which another log with the same name and number is told apart.
type Mark struct {
	Epoch data.Epoch `json:"epoch"`
	Seq   data.Seq   `json:"seq"`
	Hash  data.Hash  `json:"hash"`
}

// saved is the first section of a checkpoint.
type saved struct {
	Format  string   `json:"format"`
	Version int      `json:"version"`
	Mark    Mark     `json:"mark"`
	Levels  []string `json:"levels"`
	Schemes []string `json:"schemes"`
	Cases   int      `json:"cases"`
	// Unreadable are the cases that cannot be read any further.
	Unreadable []*cases.UnreadableError `json:"unreadable,omitempty"`
}

const saveFormat = "gewu cases"

// Save writes a checkpoint: what is shown now, which must hold all events up to the mark, and may hold newer ones. Others
// may use the store meanwhile. The layout is in docs/formats/cases-checkpoint.md.
func (s *Store) Save(w io.Writer, mark Mark) error {
	now := s.now.Load() // before the words, which it names
	head, err := json.Marshal(&saved{saveFormat, saveVersion, mark, s.options.Levels, s.options.Schemes, len(now.ids), s.Unreadable()})
	if err == nil {
		err = writeSection(w, sectionHead, head)
	}
	for _, write := range []func() error{
		func() error { return saveWords(w, sectionStandings, s.standings.all()) },
		func() error { return saveWords(w, sectionClasses, s.classes.all()) },
		func() error { return saveWords(w, sectionProcesses, s.processes.all()) },
		func() error { return saveWords(w, sectionWords, s.words.all()) },
		func() error { return now.save(w) },
		func() error { return s.saveParts(w, uint32(len(now.ids))) },
		func() error { return s.saveOutside(w, uint32(len(now.ids))) },
		func() error { return writeSection(w, sectionEnd, nil) },
	} {
		if err != nil {
			break
		}
		err = write()
	}
	if err != nil {
		return fmt.Errorf("cases: write a checkpoint: %w", err)
	}
	return nil
}

// saveWords writes the words of a dictionary in sections of some, without the first, which stands for none.
func saveWords[T any](w io.Writer, kind byte, words []T) error {
	for some := range slices.Chunk(words[1:], 10_000) {
		b, err := json.Marshal(some)
		if err == nil {
			err = writeSection(w, kind, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *snapshot) save(w io.Writer) error {
	var b []byte
	for at, c := range n.chunks {
		ids := n.ids[at*chunkRows : min(len(n.ids), (at+1)*chunkRows)]
		b = binary.AppendUvarint(b[:0], uint64(len(ids)))
		for _, id := range ids {
			b = wire.AppendText(b, id)
		}
		if err := writeSection(w, sectionChunk, c.append(b, len(ids))); err != nil {
			return err
		}
	}
	return nil
}

// saveParts writes which cases touch which parts.
func (s *Store) saveParts(w io.Writer, rows uint32) error {
	return saveRows(s, w, sectionParts, rows, s.parts, func(b []byte, key partKey) []byte {
		return wire.AppendText(wire.AppendText(b, key.layer), key.id)
	})
}

// saveOutside writes which cases have which numbers in other systems.
func (s *Store) saveOutside(w io.Writer, rows uint32) error {
	return saveRows(s, w, sectionOutside, rows, s.outside, wire.AppendText)
}

// saveRows writes the rows of keys, in sections of some. The lock is given back now and then: what comes meanwhile belongs to
// events after the mark.
func saveRows[K comparable](s *Store, w io.Writer, kind byte, rows uint32, of map[K][]uint32, name func([]byte, K) []byte) error {
	const some = 4096
	var b []byte
	n := 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		err := writeSection(w, kind, b)
		b, n = b[:0], 0
		return err
	}
	s.rows.RLock()
	defer s.rows.RUnlock()
	for key, of := range of {
		b = name(b, key)
		of := slices.DeleteFunc(slices.Clone(of), func(row uint32) bool { return row >= rows })
		b = binary.AppendUvarint(b, uint64(len(of)))
		for _, row := range of {
			b = binary.AppendUvarint(b, uint64(row))
		}
		if n++; n < some {
			continue
		}
		s.rows.RUnlock()
		err := flush()
		s.rows.RLock()
		if err != nil {
			return err
		}
	}
	return flush()
}

// words yields the columns of numbers of dictionaries, which must be below the length of theirs.
func (c *chunk) words() iter.Seq2[int, *[chunkRows]uint32] {
	return func(yield func(int, *[chunkRows]uint32) bool) {
		all := []*[chunkRows]uint32{&c.standing, &c.class, &c.process, &c.source, &c.unit, &c.first, &c.task, &c.parent}
		for i := range c.areas {
			all = append(all, &c.areas[i])
		}
		for i := range c.cells {
			all = append(all, &c.cells[i])
		}
		for i, column := range all {
			if !yield(i, column) {
				return
			}
		}
	}
}

// append appends the first rows of all columns.
func (c *chunk) append(b []byte, rows int) []byte {
	for _, column := range c.words() {
		b = appendColumn(b, column[:rows], 4)
	}
	b = appendColumn(b, c.version[:rows], 4)
	b = appendColumn(b, c.priority[:rows], 4)
	b = appendColumn(b, c.flags[:rows], 1)
	b = appendColumn(b, c.lon[:rows], 4)
	b = appendColumn(b, c.lat[:rows], 4)
	for _, column := range []*[chunkRows]int64{&c.opened, &c.updated, &c.rested, &c.due} {
		b = appendColumn(b, column[:rows], 8)
	}
	return appendColumn(b, c.seq[:rows], 8)
}

// take reads what append wrote; false for bytes that are something else, or numbers without a word.
func (c *chunk) take(b []byte, rows int, words [4]int) bool {
	for i, column := range c.words() {
		b = takeColumn(b, column[:rows], 4)
		most := uint32(words[min(i, 3)])
		if b == nil || slices.ContainsFunc(column[:rows], func(v uint32) bool { return v >= most }) {
			return false
		}
	}
	b = takeColumn(b, c.version[:rows], 4)
	b = takeColumn(b, c.priority[:rows], 4)
	b = takeColumn(b, c.flags[:rows], 1)
	b = takeColumn(b, c.lon[:rows], 4)
	b = takeColumn(b, c.lat[:rows], 4)
	for _, column := range []*[chunkRows]int64{&c.opened, &c.updated, &c.rested, &c.due} {
		b = takeColumn(b, column[:rows], 8)
	}
	b = takeColumn(b, c.seq[:rows], 8)
	return b != nil && len(b) == 0
}

// loading is a store that is being read.
type loading struct {
	*Store
	head saved
	snapshot
}

// Load reads a checkpoint into a store that has no cases yet and that nobody else uses, if accept says that it is one of
// the log. The store is as before when it fails. The error wraps [data.ErrFormat] for what is damaged, of another version,
// made for other levels and schemes, or not accepted: then the log tells all of it.
func (s *Store) Load(r io.Reader, accept func(Mark) error) (Mark, error) {
	l := &loading{Store: &Store{
		options: s.options, parts: map[partKey][]uint32{}, outside: map[string][]uint32{},
		standings: newDictionary(Standing{}), classes: newDictionary(cases.Class{}), processes: newDictionary(cases.ProcessRef{}), words: newDictionary(""),
	}}
	if err := l.read(r, accept); err != nil {
		return Mark{}, fmt.Errorf("cases: read a checkpoint: %w", err)
	}
	s.row, s.parts, s.outside, s.standings, s.classes, s.processes, s.words = l.row, l.parts, l.outside, l.standings, l.classes, l.processes, l.words
	s.now.Store(&l.snapshot)
	for _, u := range l.head.Unreadable {
		s.Spoil(*u)
	}
	return l.head.Mark, nil
}

func (l *loading) read(r io.Reader, accept func(Mark) error) error {
	kind, b, err := readSection(r, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &l.head); kind != sectionHead || err != nil || l.head.Format != saveFormat {
		return fmt.Errorf("%w: it is no checkpoint of cases", data.ErrFormat)
	}
	h := &l.head
	switch {
	case h.Version != saveVersion:
		return fmt.Errorf("%w: it has version %d, this program reads %d", data.ErrFormat, h.Version, saveVersion)
	case !slices.Equal(h.Levels, l.options.Levels) || !slices.Equal(h.Schemes, l.options.Schemes):
		return fmt.Errorf("%w: it is by levels %v and schemes %v, and they are %v and %v", data.ErrFormat, h.Levels, h.Schemes, l.options.Levels, l.options.Schemes)
	case h.Cases < 0:
		return fmt.Errorf("%w: %d cases", data.ErrFormat, h.Cases)
	}
	if err := accept(h.Mark); err != nil {
		return fmt.Errorf("%w: %w", data.ErrFormat, err)
	}
	l.row = make(map[string]uint32, min(h.Cases, 1<<22))
	for last := kind; ; last = kind {
		if kind, b, err = readSection(r, b); err != nil {
			return err
		}
		if kind < last {
			return fmt.Errorf("%w: a section is out of order", data.ErrFormat)
		}
		if kind == sectionEnd {
			break
		}
		if err := l.section(kind, b); err != nil {
			return fmt.Errorf("%w: section of kind %d: %w", data.ErrFormat, kind, err)
		}
	}
	if len(l.ids) != h.Cases || len(l.row) != h.Cases {
		return fmt.Errorf("%w: it has %d cases of %d", data.ErrFormat, len(l.row), h.Cases)
	}
	return nil
}

func (l *loading) section(kind byte, b []byte) error {
	switch kind {
	case sectionStandings:
		return loadWords(b, l.standings, standingKey)
	case sectionClasses:
		return loadWords(b, l.classes, classKey)
	case sectionProcesses:
		return loadWords(b, l.processes, processKey)
	case sectionWords:
		return loadWords(b, l.words, func(s *string) string { return *s })
	case sectionChunk:
		return l.chunk(b)
	case sectionParts:
		return someRows(b, len(l.ids), l.parts, func(r *wire.Reader) partKey { return partKey{r.Text(), r.Text()} })
	case sectionOutside:
		return someRows(b, len(l.ids), l.outside, (*wire.Reader).Text)
	}
	return errors.New("nobody knows it")
}

func loadWords[T any](b []byte, d *dictionary[T], key func(*T) string) error {
	var words []T
	if err := json.Unmarshal(b, &words); err != nil {
		return err
	}
	for i := range words {
		n := len(d.words)
		if d.add(key(&words[i]), func() T { return words[i] }) != uint32(n) {
			return fmt.Errorf("word %d is there twice", n)
		}
	}
	return nil
}

func (l *loading) chunk(b []byte) error {
	r := wire.Reader{S: wire.View(b)}
	n := r.Count(1)
	if n == 0 || n > chunkRows || len(l.ids)%chunkRows != 0 {
		return fmt.Errorf("%d rows after %d", n, len(l.ids))
	}
	// One text for the ids of a chunk: a million texts of their own would take a while.
	from := r.At
	for range n {
		r.Text()
	}
	own := wire.Reader{S: string(b[from:r.At])}
	for range n {
		id := own.Text()
		l.row[id] = uint32(len(l.ids))
		l.ids = append(l.ids, id)
	}
	c := newChunk()
	words := [4]int{len(l.standings.words), len(l.classes.words), len(l.processes.words), len(l.words.words)}
	if r.Bad || !c.take(b[r.At:], n, words) {
		return fmt.Errorf("the columns of rows from %d on are none", len(l.ids)-n)
	}
	l.chunks = append(l.chunks, c)
	return nil
}

// someRows reads the rows of keys.
func someRows[K comparable](b []byte, cases int, into map[K][]uint32, name func(*wire.Reader) K) error {
	r := wire.Reader{S: string(b)}
	for r.Left() > 0 && !r.Bad {
		key := name(&r)
		rows := make([]uint32, r.Count(1))
		for i := range rows {
			if rows[i] = uint32(r.Uvarint()); int(rows[i]) >= cases {
				return fmt.Errorf("%v has a case %d of %d", key, rows[i], cases)
			}
		}
		into[key] = rows
	}
	if r.Bad {
		return errors.New("it is cut off")
	}
	return nil
}
