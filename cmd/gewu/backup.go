package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/cmd/gewu/progress"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore/offline"
)

type backupCmd struct {
	File string `arg:"" help:"File to write; it is replaced only when the copy is complete and verified." placeholder:"FILE"`
}

// Run copies the store as it is at one Seq. The file is proved before it has its name, so that it can be trusted when it
// is needed.
func (cmd *backupCmd) Run(e *env) error {
	if err := output.Guard(e.cli.store(), cmd.File); err != nil {
		return err
	}
	to, err := output.Find(cmd.File)
	if err != nil {
		return err
	}
	return withCity(e, func(ctx context.Context, c client) error {
		resp, err := c.do(ctx, http.MethodGet, "/v1/backup", nil, "", nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		take := func(w io.Writer) error {
			copied := progress.Bytes(e.stderr, "copy", resp.ContentLength, false)
			defer copied.Finish()
			_, err := io.Copy(w, copied.Reader(resp.Body))
			return err
		}
		if to.Through {
			if err := output.Fill(ctx, cmd.File, take); err != nil {
				return err
			}
			// Standard output may be where the copy has gone.
			_, err := fmt.Fprintf(e.stderr, "%s got the city; it is no file that can be read again, so the copy has not been verified: gewu restore does it\n", cmd.File)
			return err
		}
		steps := stepBar{env: e}
		info, err := offline.Receive(ctx, to.Path, take, func(part float64) { steps.set("verify", part) })
		steps.finish()
		if damage, ok := errors.AsType[*data.CorruptError](err); ok {
			return fmt.Errorf("the copy was not kept, because it is damaged: %s: %s; run: gewu check --data %s, which says whether the store is, too; keep the backups that you have", damage.Where, damage.What, e.cli.Data)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%s holds the city up to seq %d (%s) and has been verified\n", cmd.File, info.Last, byteText(info.Bytes))
		return err
	})
}

// byteText is a number of bytes for people.
func byteText(n int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	value := float64(n) / 1000
	for len(units) > 1 && value >= 1000 {
		value, units = value/1000, units[1:]
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
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
	path := e.cli.store()
	if _, err := os.Stat(path); err == nil {
		if !cmd.Wipe {
			return fmt.Errorf("%s exists; --wipe replaces it", path)
		}
	}
	steps := stepBar{env: e}
	kept, err := offline.Restore(e.ctx, cmd.File, path, time.Now(), func(part float64) { steps.set("restore", part) })
	steps.finish()
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
