package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// pace is [wire.Pace] in a process of its own, so that what else this process does is not measured: it returns the p99
// and the p50 in milliseconds.
func (r *rig) pace(address string, perSecond int, paths []string) (p99, p50 float64, err error) {
	file := filepath.Join(r.dir, "paths")
	text, _ := json.Marshal(paths) // texts
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return 0, 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(r.ctx, self, address, strconv.Itoa(perSecond), r.options.round.String(), file)
	cmd.Env = append(os.Environ(), childVariable+"=pace")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("client of its own: %w", err)
	}
	_, err = fmt.Sscan(string(out), &p99, &p50)
	return p99, p50, err
}
