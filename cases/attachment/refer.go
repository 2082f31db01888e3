package attachment

import (
	"context"
	"errors"
	"strings"
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
	keys, err := s.keys(ctx, caseKeys(hash))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if strings.HasSuffix(key, unfinished) {
			continue
		}
		id, err := s.read(ctx, key)
		if errors.Is(err, ErrUnknown) {
			continue // swept meanwhile
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, string(id))
	}
	return ids, nil
}

func caseKeys(hash string) string { return caseFolder + hash[:2] + "/" + hash + "/" }
