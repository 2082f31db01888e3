// Package persons is what the shell has for personal data: the keys that seal them, and the commands that erase persons
// and look after those who read about them.
package persons

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gewu-city/gewu/people/vault"
)

// Names in the data folder. Neither is in backups.
const (
	keysFile   = "keys.db"
	masterFile = "master.key"
)

// Secret is the environment variable that may hold the master key itself.
const Secret = "GEWU_MASTER_SECRET" //nolint:gosec // G101: the name of it

// Master finds the key that wraps the others: in the environment, else in the file that is named, else in the data
// folder, where it is made when there is none.
type Master struct {
	Folder string
	// File is where the operator keeps it; empty for the data folder.
	File   string
	Getenv func(string) string
	Logger *slog.Logger
}

// Key is the master key. The error wraps [vault.ErrMaster] when there is a text and it is none.
func (m *Master) Key() (vault.Master, error) {
	if text := m.Getenv(Secret); text != "" {
		return vault.ParseMaster([]byte(text))
	}
	path := m.File
	if path == "" {
		path = filepath.Join(m.Folder, masterFile)
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && m.File == "" && !m.wrapped():
		return m.create(path)
	case errors.Is(err, os.ErrNotExist):
		return vault.Master{}, fmt.Errorf("%w: %s is missing; without it the personal data of this city cannot be read", vault.ErrMaster, path)
	case err != nil:
		return vault.Master{}, err
	}
	key, err := vault.ParseMaster(text)
	if err != nil {
		return key, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// wrapped reports whether there are keys, so that another master key would not open them.
func (m *Master) wrapped() bool {
	_, err := os.Stat(filepath.Join(m.Folder, keysFile))
	return err == nil
}

func (m *Master) create(path string) (key vault.Master, err error) {
	if _, err = rand.Read(key[:]); err != nil {
		return key, err
	}
	if err = key.Write(path); err != nil {
		return key, err
	}
	m.Logger.Warn("a master key for personal data was made beside the data; keep it elsewhere and name it with --master-key", "file", path)
	return key, nil
}

// Open opens the keys of a data folder.
func Open(m *Master, now func() time.Time) (*vault.File, error) {
	return vault.OpenFile(filepath.Join(m.Folder, keysFile), vault.FileOptions{Master: m.Key, Now: now, Random: rand.Reader})
}

// Follow destroys keys of persons who were erased, according to the log, and came back with an older copy of the file of
// keys. It is called before anything is written.
func Follow(ctx context.Context, keys *vault.File, log vault.Log, logger *slog.Logger) error {
	n, err := keys.Follow(ctx, log)
	if err != nil {
		return fmt.Errorf("bring %s up to the log: %w", keysFile, err)
	}
	if n > 0 {
		logger.Warn("an older file of keys was in place; the keys of persons who were erased since were destroyed again", "file", keysFile, "persons", n)
	}
	return nil
}
