// Package attachment keeps the pictures and sounds of cases by what they hold: a file is named by the SHA-256 of its bytes,
// so that the log names what nobody can exchange. What people send is written anew first, see package media.
//
// A folder or a bucket (gocloud.dev/blob) holds the files:
//
//	content/ab/ab12…            the bytes
//	thumb/ab/ab12…              the small picture, which can be made again
//	claim/ab/ab12…/34cd…        that somebody sent them, and when: they may look at them, and put them into a case
//	case/ab/ab12…/56ef…         that a case refers to them, or was about to
//
// A claim ends a day later, whether a case has come to refer to the file or not; a file without either is swept.
package attachment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"golang.org/x/sync/semaphore"

	"github.com/gewu-city/gewu/cases/attachment/media"
)

// ClaimTime is how long whoever sent a file may look at it and use it before a case refers to it.
const ClaimTime = 24 * time.Hour

// Errors of the store.
var (
	// ErrUnknown is returned for a hash that names nothing, or nothing that whoever asks has sent.
	ErrUnknown = errors.New("attachment: unknown")
	// ErrDamaged is returned when the bytes that are kept are not those that their name says.
	ErrDamaged = errors.New("attachment: damaged")
)

// Options say how a store works.
type Options struct {
	// Now is the clock that claims end by. It must be set.
	Now func() time.Time
	// Decoders is how many files are decoded at once, each in [media.PictureMemory]: 2 if 0.
	Decoders int64
	// Settle makes what was written under a key durable, beyond what closing a writer of the bucket does; nil does nothing.
	Settle func(key string) error
}

// Store keeps attachments in a bucket. It is safe for concurrent use by one process.
type Store struct {
	bucket   *blob.Bucket
	o        Options
	decoders *semaphore.Weighted
	// files are locked by the first byte of their hash: claiming, using and sweeping one follow each other.
	files [256]sync.Mutex
}

// New returns a store over a bucket, which the caller closes.
func New(bucket *blob.Bucket, o Options) *Store {
	if o.Decoders <= 0 {
		o.Decoders = 2
	}
	return &Store{bucket: bucket, o: o, decoders: semaphore.NewWeighted(o.Decoders)}
}

// Attachment is a file that is kept.
type Attachment struct {
	// Hash is the SHA-256 of what is kept, in hexadecimal.
	Hash string
	// Type is its media type, Size its bytes, Width and Height the pixels of a picture.
	Type          string
	Size          int64
	Width, Height int
	// Origin is what the camera noted. It is in the answer of Put only, and not kept.
	media.Origin
}

// Put writes a file anew, keeps it, and lets owner use it for a day. zone is where the clock of a camera is. It waits until
// not too many files are decoded at once. The error is a [*media.RefusedError] if the file is not taken.
func (s *Store) Put(ctx context.Context, owner string, content []byte, zone *time.Location) (*Attachment, error) {
	file, err := s.rewrite(ctx, content, zone)
	if err != nil {
		return nil, err
	}
	hash := hashOf(file.Bytes)
	unlock := s.lock(hash)
	defer unlock()
	// The claim comes first: a file without one is swept.
	if err := s.claim(ctx, hash, owner); err != nil {
		return nil, err
	}
	if err := s.keep(ctx, contentKey(hash), file.Bytes); err != nil {
		return nil, err
	}
	if file.Thumb != nil {
		if err := s.keep(ctx, thumbKey(hash), file.Thumb); err != nil {
			return nil, err
		}
	}
	return &Attachment{Hash: hash, Type: file.Type, Size: int64(len(file.Bytes)), Width: file.Width, Height: file.Height, Origin: file.Origin}, nil
}

func (s *Store) rewrite(ctx context.Context, content []byte, zone *time.Location) (*media.File, error) {
	if err := s.decoders.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.decoders.Release(1)
	return media.Rewrite(content, zone)
}

// Hold gives owner another day for a file that they have sent: whoever makes a case refer to it calls Hold before, so that it
// is not swept meanwhile. It returns ErrUnknown when owner has sent no such file.
func (s *Store) Hold(ctx context.Context, hash, owner string) error {
	if !ValidHash(hash) {
		return ErrUnknown
	}
	unlock := s.lock(hash)
	defer unlock()
	claimed, err := s.claimed(ctx, hash, owner)
	if err != nil {
		return err
	}
	if !claimed {
		return ErrUnknown
	}
	if there, err := s.bucket.Exists(ctx, contentKey(hash)); err != nil || !there {
		return errors.Join(err, ErrUnknown)
	}
	return s.claim(ctx, hash, owner)
}

// Claimed reports whether owner has sent the file within the last day.
func (s *Store) Claimed(ctx context.Context, hash, owner string) (bool, error) {
	if !ValidHash(hash) {
		return false, nil
	}
	return s.claimed(ctx, hash, owner)
}

// Read returns the bytes of a file and their media type. It returns ErrUnknown without such a file, and ErrDamaged when its
// bytes are others than its name says.
func (s *Store) Read(ctx context.Context, hash string) (kind string, content []byte, err error) {
	if !ValidHash(hash) {
		return "", nil, ErrUnknown
	}
	content, err = s.read(ctx, contentKey(hash))
	switch {
	case err != nil:
		return "", nil, err
	case hashOf(content) != hash:
		return "", nil, fmt.Errorf("%w: %s", ErrDamaged, hash)
	}
	return media.TypeOf(content), content, nil
}

// Thumb returns the small JPEG of a picture. It returns ErrUnknown without such a file, and for sounds.
func (s *Store) Thumb(ctx context.Context, hash string) ([]byte, error) {
	if !ValidHash(hash) {
		return nil, ErrUnknown
	}
	small, err := s.read(ctx, thumbKey(hash))
	if !errors.Is(err, ErrUnknown) {
		return small, err
	}
	kind, content, err := s.Read(ctx, hash)
	if err != nil {
		return nil, err
	}
	if kind != media.JPEG {
		return nil, ErrUnknown
	}
	if err := s.decoders.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.decoders.Release(1)
	return media.Thumb(content)
}

// keep writes content under a key, unless it is there: what a power cut left behind is written again.
func (s *Store) keep(ctx context.Context, key string, content []byte) error {
	have, err := s.read(ctx, key)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	if !bytes.Equal(have, content) {
		// A writer that is cancelled leaves nothing under the key, and neither does one whose process ends.
		if err := s.bucket.WriteAll(ctx, key, content, nil); err != nil {
			return fmt.Errorf("write attachment %s: %w", key, err)
		}
	}
	return s.settle(key)
}

func (s *Store) settle(key string) error {
	if s.o.Settle == nil {
		return nil
	}
	if err := s.o.Settle(key); err != nil {
		return fmt.Errorf("settle attachment %s: %w", key, err)
	}
	return nil
}

func (s *Store) read(ctx context.Context, key string) ([]byte, error) {
	content, err := s.bucket.ReadAll(ctx, key)
	switch {
	case gcerrors.Code(err) == gcerrors.NotFound:
		return nil, ErrUnknown
	case err != nil:
		return nil, fmt.Errorf("read attachment %s: %w", key, err)
	}
	return content, nil
}

// claimOf is what the file of a claim holds.
type claimOf struct {
	At time.Time `json:"at"`
}

func (s *Store) claim(ctx context.Context, hash, owner string) error {
	text, err := json.Marshal(claimOf{s.o.Now().UTC()})
	if err != nil {
		return err
	}
	key := claimKey(hash, owner)
	if err := s.bucket.WriteAll(ctx, key, text, nil); err != nil {
		return fmt.Errorf("write claim %s: %w", key, err)
	}
	return s.settle(key)
}

func (s *Store) claimed(ctx context.Context, hash, owner string) (bool, error) {
	live, err := s.live(ctx, claimKey(hash, owner))
	if errors.Is(err, ErrUnknown) {
		return false, nil
	}
	return live, err
}

// live reports whether a claim has not ended.
func (s *Store) live(ctx context.Context, key string) (bool, error) {
	text, err := s.read(ctx, key)
	if err != nil {
		return false, err
	}
	// One that holds nothing of use, as a power cut may leave it, has ended long ago: its time is zero.
	var c claimOf
	_ = json.Unmarshal(text, &c)
	return s.o.Now().Sub(c.At) < ClaimTime, nil
}

func (s *Store) lock(hash string) (unlock func()) {
	b, err := hex.DecodeString(hash[:2])
	if err != nil {
		b = []byte{0} // callers know that it is a hash
	}
	m := &s.files[b[0]]
	m.Lock()
	return m.Unlock
}

// hashLength is how many characters a hash has.
const hashLength = 2 * sha256.Size

// ValidHash reports whether a text has the form of a hash: 64 digits and small letters to f. Nothing else becomes a key, so
// that no text that comes from outside names a path.
func ValidHash(text string) bool {
	if len(text) != hashLength {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

const (
	contentFolder = "content/"
	thumbFolder   = "thumb/"
	claimFolder   = "claim/"
	caseFolder    = "case/"
)

func contentKey(hash string) string { return contentFolder + hash[:2] + "/" + hash }
func thumbKey(hash string) string   { return thumbFolder + hash[:2] + "/" + hash }

// claimKey names a claim; owners are hashed, since they may be anything, and are of no use to anybody else.
func claimKey(hash, owner string) string {
	return claimFolder + hash[:2] + "/" + hash + "/" + hashOf([]byte(owner))[:32]
}
