package jobs

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// records are the files of durable jobs: one for each, named after its id, replaced as a whole and synced, so that a
// job is known from before it begins whatever happens.
type records struct {
	dir     string // empty keeps none
	history string
	log     *slog.Logger
}

// record is the content of a file.
type record struct {
	Job
	History string `json:"history,omitempty"`
	Key     string `json:"key,omitempty"`
	Request string `json:"request,omitempty"`
}

func (rec *record) spec() Spec {
	return Spec{
		ID: rec.ID, Kind: rec.Kind, About: rec.About, Actor: rec.Actor, Durable: true,
		Key: unhex(rec.Key), Request: unhex(rec.Request),
	}
}

// unhex is a hash; zeros for what is none.
func unhex(text string) (hash [16]byte) {
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(hash) {
		copy(hash[:], b)
	}
	return hash
}

const recordSuffix = ".json"

// safeID reports whether an id can be the name of a file.
func safeID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") == ""
}

func (r records) path(id string) string { return filepath.Join(r.dir, id+recordSuffix) }

// write makes a record durable.
func (r records) write(spec *Spec, job *Job) error {
	if r.dir == "" {
		return nil
	}
	if !safeID(spec.ID) {
		return fmt.Errorf("record job %q: the id cannot name a file", spec.ID)
	}
	rec := record{Job: *job, History: r.history}
	if spec.Key != [16]byte{} {
		rec.Key, rec.Request = hex.EncodeToString(spec.Key[:]), hex.EncodeToString(spec.Request[:])
	}
	text, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("record job %s: %w", spec.ID, err)
	}
	if err := r.replace(r.path(spec.ID), append(text, '\n')); err != nil {
		return fmt.Errorf("record job %s: %w", spec.ID, err)
	}
	return nil
}

func (r records) replace(path string, text []byte) error {
	f, err := os.CreateTemp(r.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(r.dir)
}

func (r records) remove(id string) {
	if r.dir == "" {
		return
	}
	if err := os.Remove(r.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.log.Warn("the record of an old job stays", "job", id, "error", err.Error())
	}
}

// read reads all records, those of the oldest jobs first, and makes the folder.
func (r records) read() ([]record, error) {
	if r.dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(r.dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder of jobs: %w", err)
	}
	names, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, fmt.Errorf("read folder of jobs: %w", err)
	}
	var found []record
	for _, name := range names {
		path := filepath.Join(r.dir, name.Name())
		id, ok := strings.CutSuffix(name.Name(), recordSuffix)
		if !ok {
			if strings.HasPrefix(name.Name(), "new-") {
				_ = os.Remove(path) // left by a process that died while it wrote
			}
			continue
		}
		text, err := os.ReadFile(path) //nolint:gosec // a name that the folder of the operator has
		var rec record
		if err == nil {
			err = json.Unmarshal(text, &rec)
		}
		if err == nil && (rec.ID != id || !slices.Contains(States, rec.State) || rec.State.Ended() && rec.Ended == nil) {
			err = errors.New("it is no record of this job")
		}
		if err != nil {
			r.log.Warn("the record of a job cannot be read and is left out", "file", path, "error", err.Error())
			continue
		}
		if rec.History != r.history {
			r.remove(id)
			continue
		}
		found = append(found, rec)
	}
	slices.SortStableFunc(found, func(a, b record) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// encode is a result as JSON; what cannot be encoded is left out.
func encode(result any) json.RawMessage {
	if result == nil {
		return nil
	}
	text, err := json.Marshal(result)
	if err != nil {
		return nil
	}
	return text
}
