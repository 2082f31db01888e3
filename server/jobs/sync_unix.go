//go:build unix

package jobs

import (
	"errors"
	"os"
)

// syncDir makes new names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the folder that the operator chose
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
