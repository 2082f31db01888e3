package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/test/peers/wire"
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

// pacePeer is the process of [rig.pace].
func pacePeer(args []string) error {
	if len(args) != 4 {
		return errors.New("pace needs an address, a rate, a time and a file of paths")
	}
	perSecond, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[2])
	if err != nil {
		return err
	}
	f, err := os.Open(args[3])
	if err != nil {
		return err
	}
	var paths []string
	if err := errors.Join(json.NewDecoder(bufio.NewReader(f)).Decode(&paths), f.Close()); err != nil {
		return err
	}
	t, err := wire.Pace(context.Background(), args[0], perSecond, d, func(i int) []byte { return wire.Get(paths[i%len(paths)]) })
	if err != nil {
		return err
	}
	_, err = fmt.Println(t.Percentile(0.99), t.Percentile(0.5))
	return err
}
