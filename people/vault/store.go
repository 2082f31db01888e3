package vault

import (
	"context"
	"iter"

	"github.com/gewu-city/gewu/data"
)

// Store is a store behind which nothing personal stands in plain text: what is appended through it is sealed first.
// Everything else is that of the store behind it, which refuses plain text by itself.
type Store struct {
	data.Store
	Vault *Vault
	// Layers finds the definitions of the present.
	Layers func(name string) (*data.Layer, bool)
}

// Append implements [data.Store]. Keys of subjects who are new are durable before the transaction is.
func (s *Store) Append(ctx context.Context, tx data.Tx) (data.Seq, error) {
	var err error
	if tx.Changes, err = s.Vault.Seal(tx.Changes, s.Layers); err != nil {
		return 0, err
	}
	return s.Store.Append(ctx, tx)
}

// AppendTogether implements [data.Store].
func (s *Store) AppendTogether(ctx context.Context, n int, txs iter.Seq2[data.Tx, error]) (data.Seq, error) {
	return s.Store.AppendTogether(ctx, n, func(yield func(data.Tx, error) bool) {
		for tx, err := range txs {
			if err == nil {
				tx.Changes, err = s.Vault.Seal(tx.Changes, s.Layers)
			}
			if !yield(tx, err) {
				return
			}
		}
	})
}
