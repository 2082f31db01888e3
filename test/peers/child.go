package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/gewu-city/gewu/test/peers/bare"
	"github.com/gewu-city/gewu/test/peers/opening"
	"github.com/gewu-city/gewu/test/peers/wire"
)

// childVariable, when set, names the peer that this program is to be instead of measuring.
const childVariable = "GEWU_PEERS_CHILD"

// runChild is the peer that the environment asks for, if it does.
func runChild() (ran bool, err error) {
	switch name := os.Getenv(childVariable); name {
	case "":
		return false, nil
	case "static":
		return true, bare.Static(os.Args[1])
	case "events":
		return true, bare.Events()
	case "pace":
		return true, wire.PaceMain(os.Args[1:])
	case "mvt":
		return true, mvtPeer(os.Args[1])
	case "open":
		figures, err := opening.Measure(context.Background(), os.Args[1])
		if err != nil {
			return true, err
		}
		return true, json.NewEncoder(os.Stdout).Encode(figures)
	default:
		return true, fmt.Errorf("unknown peer %q", name)
	}
}

// open measures a data folder in a process of its own.
func (r *rig) open(path string) (o opening.Figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	cmd := exec.CommandContext(r.ctx, self, path)
	cmd.Env = append(os.Environ(), childVariable+"=open")
	log := &tail{}
	cmd.Stderr = log
	out, err := cmd.Output()
	if err != nil {
		return o, fmt.Errorf("open %s: %w\n%s", path, err, log)
	}
	return o, json.Unmarshal(out, &o)
}
