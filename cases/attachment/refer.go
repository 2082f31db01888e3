package attachment

import (
	"context"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
)

// Refer notes that an event of a case is about to refer to a file, so that it is known later to whom the file may be shown. It
// returns ErrUnknown without such a file. A note whose event was never written does no harm: whoever reads it asks the case.
func (s *Store) Refer(ctx context.Context, hash, caseID string) error {
	if !ValidHash(hash) {
		return ErrUnknown
	}
	unlock := s.lock(hash)
	defer unlock()
	if there, err := s.bucket.Exists(ctx, contentKey(hash)); err != nil || !there {
		return errors.Join(err, ErrUnknown)
	}
	// Ids of cases may be anything: the name is their hash, and what is in it the id.
	return s.keep(ctx, caseKeys(hash)+hashOf([]byte(caseID))[:32], []byte(caseID))
}

// Cases are the cases of which it was noted that they refer to a file.
func (s *Store) Cases(ctx context.Context, hash string) (ids []string, err error) {
	if !ValidHash(hash) {
		return nil, nil
	}
	list := s.bucket.List(&blob.ListOptions{Prefix: caseKeys(hash)})
	for {
		one, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list cases of %s: %w", hash, err)
		}
		id, err := s.read(ctx, one.Key)
		if errors.Is(err, ErrUnknown) {
			continue // swept meanwhile
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, string(id))
	}
}

func caseKeys(hash string) string { return caseFolder + hash[:2] + "/" + hash + "/" }
