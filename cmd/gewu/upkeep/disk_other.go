//go:build !linux && !darwin

package upkeep

// diskFree is not known here.
func diskFree(string) (int64, bool) { return 0, false }
