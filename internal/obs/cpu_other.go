//go:build !unix

package obs

import "time"

// CPUTime is the processor time that this process took so far; this system does not tell, so it is 0.
func CPUTime() time.Duration { return 0 }
