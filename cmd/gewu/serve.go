package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/gewu-city/gewu/cmd/gewu/casework"
	"github.com/gewu-city/gewu/cmd/gewu/clock"
	"github.com/gewu-city/gewu/cmd/gewu/door"
	"github.com/gewu-city/gewu/cmd/gewu/logins"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/server"
)

// listenFlags are shared by serve and demo.
type listenFlags struct {
	Logins     logins.Flags `embed:""`
	Door       door.Flags   `embed:""`
	Clock      clock.Flags  `embed:""`
	Profile    string       `help:"How the cases of the city go: the name of a profile that comes along (gewu process list) or a folder with a profile.toml. Default: the one it was served with last, else base." placeholder:"NAME|DIR" env:"GEWU_PROFILE"`
	Listen     string       `help:"Address to serve on. Loopback by default: whoever reaches it from there may write." default:"127.0.0.1:8080" placeholder:"HOST:PORT" env:"GEWU_LISTEN"`
	TileCache  int64        `help:"Memory for encoded tiles in MiB; -1 keeps none." default:"256" env:"GEWU_TILE_CACHE"`
	PastMemory int64        `help:"Memory in MiB for the city at moments of the past that were asked for last; one that needs more is refused." default:"1024" env:"GEWU_PAST_MEMORY"`
	LogQueries bool         `help:"Write to the log which places are asked for. Such texts name persons: leave it out unless you must know." env:"GEWU_LOG_QUERIES"`
	Memory     int64        `help:"Memory in MiB that the process should stay within: beyond it large requests are refused for a while. Default: GOMEMLIMIT, else none." placeholder:"MIB" env:"GEWU_MEMORY"`
}

// Validate refuses amounts of memory that mean nothing.
func (f listenFlags) Validate() error {
	if err := errors.Join(f.Logins.Validate(), f.Door.Validate(), f.Clock.Validate()); err != nil {
		return err
	}
	switch {
	case f.Memory < 0:
		return fmt.Errorf("--memory %d: must be a number of MiB above 0", f.Memory)
	case f.PastMemory < 0:
		return fmt.Errorf("--past-memory %d: must be a number of MiB, 0 or more", f.PastMemory)
	case f.TileCache < -1:
		return fmt.Errorf("--tile-cache %d: must be a number of MiB; -1 keeps no tiles", f.TileCache)
	}
	return nil
}

// open reads the files that the flags name and opens the address.
func (f *listenFlags) open(e *env) (l net.Listener, o cityOptions, err error) {
	if err := f.Door.ReadToken(); err != nil {
		return nil, o, err
	}
	pair, err := f.Door.Open(time.Now, e.log)
	if err != nil {
		return nil, o, err
	}
	if l, err = f.Door.Listen(e.ctx, f.Listen); err != nil {
		return nil, o, err
	}
	o = f.options()
	if o.clock, err = f.Clock.Open(); err != nil {
		return nil, o, errors.Join(err, l.Close())
	}
	if o.profile, err = casework.Choose(e.cli.Data, f.Profile); err != nil {
		return nil, o, errors.Join(err, l.Close())
	}
	o.certs, o.address = pair, f.Door.Over(logins.Local(l.Addr().String()))
	return l, o, nil
}

func (f listenFlags) options() cityOptions {
	if f.Memory > 0 {
		debug.SetMemoryLimit(f.Memory << 20)
	}
	return cityOptions{token: f.Door.Token, cacheBytes: f.TileCache << 20, pastBytes: f.PastMemory << 20, rates: server.Rates(f.Door.Rates), geocoder: true, logQueries: f.LogQueries, logins: f.Logins}
}

type serveCmd struct {
	listenFlags
	Verify string `help:"How much of the store to verify before serving: auto (everything up to 1 GiB), full, tail." enum:"auto,full,tail" default:"auto" env:"GEWU_VERIFY"`
}

var verifyDepths = map[string]boltstore.Verify{
	"auto": boltstore.VerifyAuto, "full": boltstore.VerifyFull, "tail": boltstore.VerifyTail,
}

// Run serves until the process is told to stop.
func (cmd *serveCmd) Run(e *env) error {
	if alive(e.ctx, e.cli.Data) {
		return fmt.Errorf("%s is already being served; stop that server or use another --data", e.cli.Data)
	}
	l, o, err := cmd.open(e)
	if err != nil {
		return err
	}
	o.verify = verifyDepths[cmd.Verify]
	city, err := openCity(e, o)
	if err != nil {
		_ = l.Close()
		return err
	}
	cmd.Door.Announce(e.stdout, l.Addr().String(), city.accounts.Any())
	if err := city.announceFirst(o.address); err != nil {
		return errors.Join(err, l.Close(), city.close())
	}
	return city.serve(e.ctx, l, nil)
}

// announceFirst prints the link of the first administrator, as long as there is none.
func (c *city) announceFirst(address string) error {
	link, err := c.server.FirstLink(cmp.Or(c.public, address))
	if err == nil && link != "" {
		fmt.Fprintf(c.env.stdout, "\nThere are no accounts yet. Whoever opens this link within a day becomes the administrator; it can be used once:\n  %s\n", link)
	}
	return err
}
