package door

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
)

// Listen opens an address, as in host:port.
func (f *Flags) Listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen HOST:PORT", err)
	}
	return l, nil
}

// Over is an address that begins with http:// as it is reached: over TLS with a certificate.
func (f *Flags) Over(address string) string {
	if f.TLSCert == "" {
		return address
	}
	return strings.Replace(address, "http://", "https://", 1)
}

// Announce prints where the city is and who may write. addr is what the server listens on.
func (f *Flags) Announce(w io.Writer, addr string, accounts bool) {
	host, port, err := net.SplitHostPort(addr)
	ip, parseErr := netip.ParseAddr(host)
	loopback := err == nil && parseErr == nil && ip.IsLoopback()
	if parseErr == nil && ip.IsUnspecified() {
		addr = net.JoinHostPort("localhost", port)
	}
	fmt.Fprintf(w, "gewu serves %s/\n", f.Over("http://"+strings.Replace(addr, "127.0.0.1", "localhost", 1)))
	switch {
	case accounts:
		fmt.Fprintln(w, "Changes need a login or a key.")
	case loopback && f.Token == "":
		fmt.Fprintln(w, "Programs on this machine may read and write without a login.")
	case f.Token == "":
		fmt.Fprintln(w, "Everyone who reaches this address may read. Only programs on this machine may write; --token-file allows it from elsewhere.")
	default:
		fmt.Fprintln(w, "Everyone who reaches this address may read. Writing needs the token, except on this machine.")
	}
}
