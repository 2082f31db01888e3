// Package attachments answers for the pictures and sounds of cases: it takes them in, written anew, and shows them to those
// who may see a case that refers to them.
package attachments

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/attachment"
	"github.com/gewu-city/gewu/cases/attachment/media"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rate"
	"github.com/gewu-city/gewu/server/rest"
)

// Config is what the resource works with.
type Config struct {
	// Files keeps them; nil answers 501.
	Files *attachment.Store
	// Cases knows who sees what; with nil nobody but whoever sent a file does.
	Cases Cases
	// References knows what cases refer to; with nil nothing is swept.
	References attachment.References
}

// Cases knows who sees which file.
type Cases interface {
	// Sees reports whether whoever asks sees a case as a whole that refers to the file of a hash, and else whether a case shows it
	// to the public.
	Sees(r *http.Request, hash string) (whole, public bool, err error)
}

// How often one account, and one address of the public, may send files: a mean of one in two seconds and of one in a minute,
// with sixty and ten at once. uploaders is how many are remembered.
const (
	accountRate, accountBurst = 0.5, 2 * time.Minute
	publicRate, publicBurst   = 1.0 / 60, 10 * time.Minute
	uploaders                 = 1 << 14
)

// API is the resource attachments.
type API struct {
	*city.City
	Config
	start            time.Time
	accounts, public *rate.Limiter[string]
}

// New returns the resource.
func New(c *city.City, cfg Config) API {
	return API{
		City: c, Config: cfg, start: c.Now(),
		accounts: rate.New[string](accountRate, accountBurst, uploaders), public: rate.New[string](publicRate, publicBurst, uploaders),
	}
}

func (a *API) there() error {
	if a.Files == nil {
		return rest.Refuse(rest.NotImplemented, "this server keeps no attachments")
	}
	return nil
}

// uploaded is the answer about a file that was taken.
type uploaded struct {
	Hash   string  `json:"hash"`
	Type   string  `json:"type"`
	Size   int64   `json:"size"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
	Taken  *string `json:"taken,omitempty"`
	Point  *point  `json:"point,omitempty"`
}

type point struct {
	Lon      float64 `json:"lon"`
	Lat      float64 `json:"lat"`
	Accuracy float64 `json:"accuracy_m,omitempty"`
}

// Upload takes a file: POST /v1/attachments. The body is the file, or a form with the part file.
func (a *API) Upload(w http.ResponseWriter, r *http.Request) error {
	if err := a.there(); err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	content, err := readFile(w, r)
	if err != nil {
		return err
	}
	kept, err := a.Take(r, ownerOf(r), content)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/attachments/"+kept.Hash)
	answer := uploaded{Hash: kept.Hash, Type: kept.Type, Size: kept.Size, Width: kept.Width, Height: kept.Height}
	if !kept.Taken.IsZero() {
		taken := kept.Taken.Format(time.RFC3339)
		answer.Taken = &taken
	}
	if p := kept.Point; p != nil {
		answer.Point = &point{p.Lon, p.Lat, p.Accuracy}
	}
	return rest.WriteJSON(w, r, http.StatusCreated, answer)
}

// Take takes a file for an owner, who may look at it and use it for a day. Other resources with ways of their own of sending
// files (Open311) call it, with an owner whom nobody else can be. Its errors are problems.
func (a *API) Take(r *http.Request, owner string, content []byte) (*attachment.Attachment, error) {
	if err := a.there(); err != nil {
		return nil, err
	}
	if err := a.admit(r); err != nil {
		return nil, err
	}
	return a.Keep(r, owner, content)
}

// Keep takes a file like Take does, of a sender that bounds itself how many there are.
func (a *API) Keep(r *http.Request, owner string, content []byte) (*attachment.Attachment, error) {
	if err := a.there(); err != nil {
		return nil, err
	}
	kept, err := a.Files.Put(r.Context(), owner, content, a.Zone)
	if refusal, ok := errors.AsType[*media.RefusedError](err); ok {
		return nil, rest.Refuse(kinds[refusal.Why], "%s", refusal.Text)
	}
	return kept, err
}

// kinds are the problems of files that are not taken.
var kinds = map[media.Why]rest.Kind{media.Unwanted: rest.UnsupportedType, media.Large: rest.TooLarge, media.Broken: rest.Invalid}

// admit refuses who sends too many files. Decoding one takes a second of a processor.
func (a *API) admit(r *http.Request) error {
	now := a.Now().Sub(a.start)
	who := auth.From(r.Context())
	var wait time.Duration
	switch {
	case who.Known():
		wait = a.accounts.Take(who.Account, now)
	case who.Way == account.Public:
		wait = a.public.Take(a.Origin(r), now)
	}
	if wait <= 0 {
		return nil
	}
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return rest.Refuse(rest.TooMany, "more files were sent than are taken from one; send the next in %s s", seconds).With("Retry-After", seconds)
}

// Hold keeps files that whoever asks has sent, or sees in a case, for a case that is about to refer to them. field is the
// field of the form that names them, for the problem that says which one there is not.
func (a *API) Hold(r *http.Request, field string, hashes ...string) error {
	if err := a.there(); err != nil {
		return err
	}
	for _, hash := range hashes {
		err := attachment.ErrUnknown
		if owner := ownerOf(r); owner != "" {
			err = a.Files.Hold(r.Context(), hash, owner)
		}
		if errors.Is(err, attachment.ErrUnknown) && a.whole(r, hash) {
			err = nil
		}
		if errors.Is(err, attachment.ErrUnknown) {
			return rest.Fault(rest.Invalid, field, hash, "is no file that you have sent within the last day: send it to POST /v1/attachments first").In("zh", field+" 不是您一天内上传的文件：请先上传到 POST /v1/attachments")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ownerOf names who may use what they send; empty for the public, of whom nobody is told from another.
func ownerOf(r *http.Request) string {
	who := auth.From(r.Context())
	switch {
	case who.Known():
		return "account:" + who.Account
	case who.Way == account.Open, who.Way == account.Socket:
		return "local"
	case who.Way == account.Token:
		return "token"
	}
	return ""
}

// whole reports whether whoever asks sees a case as a whole that refers to a file.
func (a *API) whole(r *http.Request, hash string) bool {
	if a.Cases == nil || !attachment.ValidHash(hash) {
		return false
	}
	whole, _, err := a.Cases.Sees(r, hash)
	return err == nil && whole
}

// mayRead returns ErrUnknown unless whoever asks may read a file. Public says that they may as everybody may, for the moment.
func (a *API) mayRead(r *http.Request, hash string) (public bool, err error) {
	// Through the eyes of another one sees what they see of cases, and not what one has sent oneself.
	if owner := ownerOf(r); owner != "" && city.As(r) == "" {
		if mine, err := a.Files.Claimed(r.Context(), hash, owner); err != nil || mine {
			return false, err
		}
	}
	if a.Cases == nil || !attachment.ValidHash(hash) {
		return false, attachment.ErrUnknown
	}
	whole, public, err := a.Cases.Sees(r, hash)
	if err == nil && !whole && !public {
		err = attachment.ErrUnknown
	}
	return public, err
}

// Get shows a file: GET /v1/attachments/{hash}?size=.
func (a *API) Get(w http.ResponseWriter, r *http.Request) error {
	if err := a.there(); err != nil {
		return err
	}
	q := rest.ParseParams(r)
	size := q.OneOf("size", "full", "thumb")
	if err := q.Done(""); err != nil {
		return err
	}
	hash := mux.Vars(r)["hash"]
	kind, content := media.JPEG, []byte(nil)
	public, err := a.mayRead(r, hash)
	switch {
	case err != nil:
	case size == "thumb":
		content, err = a.Files.Thumb(r.Context(), hash)
	default:
		kind, content, err = a.Files.Read(r.Context(), hash)
	}
	if errors.Is(err, attachment.ErrUnknown) {
		// The same for what is not there, what others sent, and the small picture of a sound. It may be there in a moment.
		w.Header().Set("Cache-Control", "no-store")
		return rest.Refuse(rest.NotFound, "there is no such file, or none that you may see")
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", fileCache)
	if public {
		// Everywhere on the way the server is asked each time: what is withdrawn is gone with the next question. Maps and feeds of
		// others show it in their pages.
		h.Set("Cache-Control", publicCache)
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	serve(w, r, kind, hash, size, content)
	return nil
}

// sweepPause is the time between two sweeps.
const sweepPause = time.Hour

// Run sweeps what no case came to refer to, until ctx ends. What stands against one sweep is logged and tried again with the
// next.
func (a *API) Run(ctx context.Context) error {
	if a.Files == nil || a.References == nil {
		return nil
	}
	tick := time.NewTicker(sweepPause)
	defer tick.Stop()
	for {
		n, err := a.Files.Sweep(ctx, a.References)
		if n > 0 {
			a.Logger.InfoContext(ctx, "files that no case refers to were removed", "count", n)
		}
		if err != nil && ctx.Err() == nil {
			a.Logger.ErrorContext(ctx, "sweep of attachments", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
