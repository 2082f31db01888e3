//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package offline

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/data"
)

// Lock takes the lock that bbolt takes, so that bbolt's own call finds it held by the same open file. It waits for another
// process that is about to end and returns data.ErrLocked for one that does not.
func Lock(f *os.File) error {
	const pause = 10 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return err
		case waited >= LockWait:
			return data.ErrLocked
		}
		time.Sleep(pause)
	}
}
