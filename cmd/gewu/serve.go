package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/logins"
	"github.com/gewu-city/gewu/data/boltstore"
)

// listenFlags are shared by serve and demo.
type listenFlags struct {
	logins.Flags
	Listen     string `help:"Address to serve on. Loopback by default: whoever reaches it from there may write." default:"127.0.0.1:8080" placeholder:"HOST:PORT" env:"GEWU_LISTEN"`
	Token      string `help:"Allows writes from elsewhere with the header \"Authorization: Bearer TOKEN\". Better given as GEWU_TOKEN than as a flag, which other users of the machine can see." placeholder:"TOKEN" env:"GEWU_TOKEN"`
	TileCache  int64  `help:"Memory for encoded tiles in MiB; -1 keeps none." default:"256" env:"GEWU_TILE_CACHE"`
	PastMemory int64  `help:"Memory in MiB for the city at moments of the past that were asked for last; one that needs more is refused." default:"1024" env:"GEWU_PAST_MEMORY"`
	LogQueries bool   `help:"Write to the log which places are asked for. Such texts name persons: leave it out unless you must know." env:"GEWU_LOG_QUERIES"`
	Memory     int64  `help:"Memory in MiB that the process should stay within: beyond it large requests are refused for a while. Default: GOMEMLIMIT, else none." placeholder:"MIB" env:"GEWU_MEMORY"`
}

// Validate refuses amounts of memory that mean nothing.
func (f listenFlags) Validate() error {
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

func (f listenFlags) options() cityOptions {
	if f.Memory > 0 {
		debug.SetMemoryLimit(f.Memory << 20)
	}
	return cityOptions{token: f.Token, cacheBytes: f.TileCache << 20, pastBytes: f.PastMemory << 20, geocoder: true, logQueries: f.LogQueries, logins: f.Flags}
}

// listen opens the address.
func (f listenFlags) listen(e *env) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(e.ctx, "tcp", f.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen HOST:PORT", err)
	}
	return l, nil
}

// announce prints where the city is and who may write.
func (f listenFlags) announce(e *env, l net.Listener, accounts bool) {
	addr := l.Addr().String()
	host, port, err := net.SplitHostPort(addr)
	ip, parseErr := netip.ParseAddr(host)
	loopback := err == nil && parseErr == nil && ip.IsLoopback()
	if parseErr == nil && ip.IsUnspecified() {
		addr = net.JoinHostPort("localhost", port)
	}
	fmt.Fprintf(e.stdout, "gewu serves http://%s/\n", strings.Replace(addr, "127.0.0.1", "localhost", 1))
	switch {
	case accounts:
		fmt.Fprintln(e.stdout, "Changes need a login or a key.")
	case loopback && f.Token == "":
		fmt.Fprintln(e.stdout, "Programs on this machine may read and write without a login.")
	case f.Token == "":
		fmt.Fprintln(e.stdout, "Everyone who reaches this address may read. Only programs on this machine may write; --token allows it from elsewhere.")
	default:
		fmt.Fprintln(e.stdout, "Everyone who reaches this address may read. Writing needs the token, except on this machine.")
	}
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
	l, err := cmd.listen(e)
	if err != nil {
		return err
	}
	o := cmd.options()
	o.address = logins.Local(l.Addr().String())
	o.verify = verifyDepths[cmd.Verify]
	city, err := openCity(e, o)
	if err != nil {
		_ = l.Close()
		return err
	}
	cmd.announce(e, l, city.accounts.Any())
	if err := city.announceFirst(l); err != nil {
		return errors.Join(err, l.Close(), city.close())
	}
	return city.serve(e.ctx, l, nil)
}

// announceFirst prints the link of the first administrator, as long as there is none.
func (c *city) announceFirst(l net.Listener) error {
	link, err := c.server.FirstLink(cmp.Or(c.public, logins.Local(l.Addr().String())))
	if err == nil && link != "" {
		fmt.Fprintf(c.env.stdout, "\nThere are no accounts yet. Whoever opens this link within a day becomes the administrator; it can be used once:\n  %s\n", link)
	}
	return err
}
