//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package boltstore

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/data"
)

// lock takes the lock that bbolt takes: bbolt's own call then finds it held by the same open file.
func lock(f *os.File, wait time.Duration) error {
	const pause = 10 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return err
		case waited >= wait:
			return data.ErrLocked
		}
		time.Sleep(pause)
	}
}
