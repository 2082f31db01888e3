package ingest

import (
	"context"

	"github.com/gewu-city/gewu/data/convert"
)

// batchVertices bounds a batch of polygons: 8 bytes a vertex, so 8 MB.
const batchVertices = 1 << 20

// rowBatch is a run of rows read ahead.
type rowBatch struct {
	rows []convert.Row
	err  error
}

// readBatches cuts rows into batches of at most size until they end or nobody wants them any more.
func readBatches(ctx context.Context, rows func(func(convert.Row, error) bool), size int, out chan<- rowBatch) {
	var b rowBatch
	vertices := 0
	send := func() bool {
		select {
		case out <- b:
			b, vertices = rowBatch{}, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	for row, err := range rows {
		if err != nil {
			if len(b.rows) > 0 && !send() {
				return
			}
			b.err = err
			send()
			return
		}
		if b.rows == nil {
			b.rows = make([]convert.Row, 0, size)
		}
		b.rows = append(b.rows, row)
		vertices += len(row.Feature.Shape.Vertices())
		if (len(b.rows) >= size || vertices >= batchVertices) && !send() {
			return
		}
	}
	if len(b.rows) > 0 {
		send()
	}
}
