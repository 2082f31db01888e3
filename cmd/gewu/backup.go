package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/offline"
)

type backupCmd struct {
	File string `arg:"" help:"File to write; it is replaced only when the copy is complete." placeholder:"FILE"`
}

// Run copies the store as it is at one Seq.
func (cmd *backupCmd) Run(e *env) error {
	return withCity(e, func(ctx context.Context, c client) error {
		resp, err := c.do(ctx, http.MethodGet, "/v1/backup", nil, "", nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if err := writeWhole(cmd.File, resp.Body); err != nil {
			return err
		}
		// The file is proved before it is needed.
		info, err := offline.Verify(e.ctx, cmd.File, nil)
		if err != nil {
			return fmt.Errorf("verify the backup: %w", err)
		}
		_, err = fmt.Fprintf(e.stdout, "%s holds the city up to seq %d and has been verified\n", cmd.File, info.Last)
		return err
	})
}

type restoreCmd struct {
	File string `arg:"" help:"Backup to restore." type:"existingfile" placeholder:"FILE"`
	Wipe bool   `help:"Replace the store that is there; it is kept beside the new one under another name."`
}

// Run verifies the backup and puts it in place with a new epoch, so that no client mixes the two histories.
func (cmd *restoreCmd) Run(e *env) error {
	if alive(e.ctx, e.cli.Data) {
		return errors.New("the store is being served; stop the server before restoring")
	}
	if err := os.MkdirAll(e.cli.Data, 0o750); err != nil {
		return err
	}
	path := filepath.Join(e.cli.Data, storeFile)
	if _, err := os.Stat(path); err == nil {
		if !cmd.Wipe {
			return fmt.Errorf("%s exists; --wipe replaces it", path)
		}
	}
	kept, err := offline.Restore(e.ctx, cmd.File, path, time.Now(), nil)
	if corrupt, ok := errors.AsType[*data.CorruptError](err); ok {
		return fmt.Errorf("the backup cannot be used: %s: %s; take another one", corrupt.Where, corrupt.What)
	}
	if err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintf(e.stdout, "the store that was there is kept as %s\n", kept)
	}
	_, err = fmt.Fprintf(e.stdout, "%s has been restored from %s\n", path, cmd.File)
	return err
}
