package exchange

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gewu-city/gewu/data"
)

// MaxPeers is how many peers there may be.
const MaxPeers = 200

// ErrUnknown says that there is no such peer.
var ErrUnknown = errors.New("exchange: there is no such peer")

// Book is the peers of a city, in a file beside its log: secrets and addresses can be taken back, entries of a log cannot. It is
// safe for concurrent use.
type Book struct {
	path string

	mu   sync.RWMutex
	kept kept
}

// kept is the file.
type kept struct {
	Version int `json:"version"`
	// Self names this platform among all others: it says whether a case that comes was here before.
	Self  string `json:"self"`
	Peers []Peer `json:"peers"`
}

// Open reads the peers in a file, which is made when the first one is kept.
func Open(path string) (*Book, error) {
	b := &Book{path: path, kept: kept{Version: 1}}
	text, err := os.ReadFile(path) //nolint:gosec // of the data folder, not of a request
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.kept.Self = strings.ToLower(rand.Text())
		return b, nil
	case err != nil:
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&b.kept); err != nil {
		return nil, fmt.Errorf("%s: is no file of peers: %w; restore it from a copy, or move it away and set the peers up again", path, err)
	}
	if b.kept.Version != 1 || b.kept.Self == "" {
		return nil, fmt.Errorf("%s: has version %d, this program reads 1", path, b.kept.Version)
	}
	for i := range b.kept.Peers {
		if err := b.kept.Peers[i].Check(); err != nil {
			return nil, fmt.Errorf("%s: peer %s: %w", path, b.kept.Peers[i].ID, err)
		}
	}
	return b, nil
}

// Self names this platform among all others.
func (b *Book) Self() string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.kept.Self
}

// Peers are all peers, in the order of their ids. Nobody may change what they hold.
func (b *Book) Peers() []Peer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.kept.Peers)
}

// Peer is one by its id, ErrUnknown for none.
func (b *Book) Peer(id string) (Peer, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i, ok := b.find(id)
	if !ok {
		return Peer{}, ErrUnknown
	}
	return b.kept.Peers[i], nil
}

func (b *Book) find(id string) (int, bool) {
	return slices.BinarySearchFunc(b.kept.Peers, id, func(p Peer, id string) int { return strings.Compare(p.ID, id) })
}

// Put keeps a peer, durably when it returns. The error is a *data.FieldError for one that cannot be.
func (b *Book) Put(p Peer) error {
	if err := p.Check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.Clone(b.kept.Peers)
	i, ok := b.find(p.ID)
	for j := range next {
		if next[j].Organisation == p.Organisation && next[j].ID != p.ID {
			return &data.FieldError{Field: "organisation", Value: p.Organisation, Why: "is the one of peer " + next[j].ID + " already"}
		}
	}
	switch {
	case ok:
		next[i] = p
	case len(next) >= MaxPeers:
		return &data.FieldError{Field: "id", Value: p.ID, Why: fmt.Sprintf("is one too many: there are %d peers", MaxPeers)}
	default:
		next = slices.Insert(next, i, p)
	}
	return b.write(next)
}

// Remove forgets a peer; messages that wait for it are refused when they are due. It is ErrUnknown for none.
func (b *Book) Remove(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.find(id)
	if !ok {
		return ErrUnknown
	}
	return b.write(slices.Delete(slices.Clone(b.kept.Peers), i, i+1))
}

// write writes the file beside the old one, which it then replaces.
func (b *Book) write(peers []Peer) (err error) {
	next := b.kept
	next.Peers = peers
	text, err := json.MarshalIndent(&next, "", "  ")
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(b.path), filepath.Base(b.path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(fresh.Name()))
		}
	}()
	_, err = fresh.Write(append(text, '\n'))
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err = os.Rename(fresh.Name(), b.path); err != nil {
		return err
	}
	b.kept = next
	folder, openErr := os.Open(filepath.Dir(b.path))
	if openErr != nil {
		return nil // there are systems where folders are not opened; the file is whole
	}
	_, _ = folder.Sync(), folder.Close() // nor synced
	return nil
}
