package attachment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// References knows what cases refer to.
type References interface {
	// Refers reports whether an event of a case, open or closed, refers to the file of a hash. It is asked while the file is
	// locked, and must see every event that was acknowledged.
	Refers(ctx context.Context, hash string) (bool, error)
}

// Sweep removes the claims that have ended, what processes that ended left unfinished, and each file that neither a claim nor
// a case keeps. It returns how many files it removed, also together with an error. Files may be put, held and read meanwhile.
func (s *Store) Sweep(ctx context.Context, cases References) (swept int, err error) {
	for first := range 256 {
		// Folders of a 256th each: a folder is walked over again for each page of a list.
		found, err := s.list(ctx, fmt.Sprintf("%02x/", first))
		if err != nil {
			return swept, err
		}
		for hash, keys := range found {
			gone, err := s.sweepOne(ctx, hash, keys, cases)
			if gone {
				swept++
			}
			if err != nil {
				return swept, err
			}
		}
	}
	return swept, nil
}

// list finds the claims, the notes of cases and the unfinished files of all hashes under a folder.
func (s *Store) list(ctx context.Context, folder string) (map[string][]string, error) {
	found := map[string][]string{}
	for _, prefix := range []string{contentFolder + folder, thumbFolder + folder, claimFolder + folder, caseFolder + folder} {
		keys, err := s.keys(ctx, prefix)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			name := key[len(prefix):]
			if len(name) < hashLength || !ValidHash(name[:hashLength]) {
				continue // none of ours
			}
			hash := name[:hashLength]
			held := found[hash]
			if len(name) > hashLength {
				held = append(held, key)
			}
			found[hash] = held
		}
	}
	return found, nil
}

// sweepOne sweeps a file, given its claims, the notes of cases, and what is unfinished of it.
func (s *Store) sweepOne(ctx context.Context, hash string, keys []string, cases References) (gone bool, err error) {
	unlock := s.lock(hash)
	defer unlock()
	kept := false
	for _, key := range keys {
		if strings.HasPrefix(key, caseFolder) && !strings.HasSuffix(key, unfinished) {
			continue // it goes with the file
		}
		live, err := s.live(ctx, key)
		if err != nil && !errors.Is(err, ErrUnknown) {
			return false, err
		}
		// An unfinished claim is none: its file is one of a name that nobody asks for.
		if strings.HasPrefix(key, claimFolder) && live && !strings.HasSuffix(key, unfinished) {
			kept = true
			continue
		}
		if err := s.remove(ctx, key); err != nil {
			return false, err
		}
	}
	if kept {
		return false, nil
	}
	// A claim that was made since the list is one of a file that was there; it is seen now.
	if fresh, err := s.anyClaim(ctx, hash); err != nil || fresh {
		return false, err
	}
	if used, err := cases.Refers(ctx, hash); err != nil || used {
		return false, err
	}
	there, err := s.bucket.Exists(ctx, contentKey(hash))
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		if err := s.remove(ctx, key); err != nil {
			return false, err
		}
	}
	return there, errors.Join(s.remove(ctx, thumbKey(hash)), s.remove(ctx, contentKey(hash)))
}

// anyClaim reports whether a file has a claim at all.
func (s *Store) anyClaim(ctx context.Context, hash string) (bool, error) {
	keys, err := s.keys(ctx, claimFolder+hash[:2]+"/"+hash+"/")
	return len(keys) > 0, err
}

// listTries bounds how often a list is begun again because a file went while it was made.
const listTries = 100

// keys are the names that begin with a prefix. A folder is no snapshot: a list of it ends with an error when a file that was
// being written gets its name, or is removed, between the look at the folder and the look at the file. It is made again then.
func (s *Store) keys(ctx context.Context, prefix string) (keys []string, err error) {
	for range listTries {
		keys = keys[:0]
		list := s.bucket.List(&blob.ListOptions{Prefix: prefix})
		var one *blob.ListObject
		for one, err = list.Next(ctx); err == nil; one, err = list.Next(ctx) {
			keys = append(keys, one.Key)
		}
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if gcerrors.Code(err) != gcerrors.NotFound {
			break
		}
	}
	return nil, fmt.Errorf("list attachments at %s: %w", prefix, err)
}

// unfinished ends the names of files that are being written in a folder.
const unfinished = ".tmp"

func (s *Store) remove(ctx context.Context, key string) error {
	if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove attachment %s: %w", key, err)
	}
	return nil
}

// Verify reads each file that cases refer to and tells of those that are missing or damaged. It returns how many it read.
func (s *Store) Verify(ctx context.Context, hashes func(yield func(hash string) bool), tell func(hash string, err error)) (read int, err error) {
	for hash := range hashes {
		if ctx.Err() != nil {
			return read, ctx.Err()
		}
		_, _, err := s.Read(ctx, hash)
		if err != nil && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrDamaged) {
			return read, err
		}
		if read++; err != nil {
			tell(hash, err)
		}
	}
	return read, nil
}
