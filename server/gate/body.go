package gate

import (
	"context"
	"io"
)

// step is the weight that a body takes at once: one MiB, so that a client that sends slowly holds little.
const step = 1 << 20

// Body is a request body whose bytes count against a gate from when they are read until Leave, because the handler
// holds them.
type Body struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // that of the request, which lives as long as its body
	gate   *Gate
	unused int64
	leave  []func()
}

// NewBody wraps a body.
func NewBody(ctx context.Context, body io.ReadCloser, g *Gate) *Body {
	return &Body{ReadCloser: body, ctx: ctx, gate: g}
}

// Read reads no more than there is room for; without room it returns [ErrFull].
func (b *Body) Read(p []byte) (int, error) {
	if b.unused == 0 {
		leave, err := b.gate.Enter(b.ctx, step)
		if err != nil {
			return 0, err
		}
		b.leave = append(b.leave, leave)
		b.unused = step
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.unused)])
	b.unused -= int64(n)
	return n, err
}

// Leave gives the room back.
func (b *Body) Leave() {
	for _, leave := range b.leave {
		leave()
	}
	b.leave = nil
}
