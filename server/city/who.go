package city

import (
	"context"
	"net"
	"net/http"
)

type requestIDKey struct{}

// WithRequestID returns a context that carries the id of its request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the id of the request: the client's X-Request-Id if it is sane, else one of ours.
func RequestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// FromSocket reports whether the request came over a unix socket, whose file mode says who may use it.
func FromSocket(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && addr.Network() == "unix"
}

// ActorOf names who asked, for the log of changes; accounts will give better names.
func ActorOf(r *http.Request) string {
	switch {
	case FromSocket(r):
		return "local:socket"
	case r.Header.Get("Authorization") != "":
		return "token"
	default:
		return "local"
	}
}
