//go:build unix

package obs

import (
	"syscall"
	"time"
)

// CPUTime is the processor time that this process took so far, user and system, on all processors. Unlike elapsed
// time it says what something costs on a machine that others use too. It is 0 where the system does not tell.
func CPUTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
