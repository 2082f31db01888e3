// Package auth answers who asks: by cookie, API key, token, control socket, or because the machine itself asks. What they
// may do is not its matter.
package auth

import (
	"context"
	"net"
	"net/http"

	"github.com/gewu-city/gewu/people/account"
)

type principalKey struct{}

// With returns a context that carries who asks.
func With(ctx context.Context, p account.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From is who asks in the request of a context. A context without a request is somebody unknown.
func From(ctx context.Context) account.Principal {
	p, ok := ctx.Value(principalKey{}).(account.Principal)
	if !ok {
		return account.Principal{Way: account.Public}
	}
	return p
}

// FromSocket reports whether the request came over a unix socket, whose file mode says who may use it.
func FromSocket(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && addr.Network() == "unix"
}
