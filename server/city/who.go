package city

import (
	"context"
	"net/http"

	"github.com/gewu-city/gewu/server/auth"
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

// ActorOf names who asked, for the log of changes.
func ActorOf(r *http.Request) string { return auth.From(r.Context()).Actor() }
