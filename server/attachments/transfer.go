package attachments

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/attachment/media"
	"github.com/gewu-city/gewu/server/rest"
)

// formBytes is what a form may take beside the file in it.
const formBytes = 64 << 10

// readFile reads the body of a request, or the file of the form that it is. The type that the request gives decides about
// that only, never about what the file is.
func readFile(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := err == nil && kind == "multipart/form-data"
	limit := int64(media.MostBytes)
	if form {
		limit += formBytes
	}
	body, err := rest.ReadAll(w, r, limit)
	if problem, ok := errors.AsType[*rest.Problem](err); ok && problem.Kind == rest.TooLarge {
		return nil, rest.Refuse(rest.TooLarge, "the file is larger than %d MiB; pictures may have %d MiB, sounds %d MiB", media.MostBytes>>20, media.PictureBytes>>20, media.SoundBytes>>20).Because(err)
	}
	if err != nil || !form {
		return body, err
	}
	return fileOf(body, params["boundary"])
}

// fileOf is the part file of a form. The names of files that it gives are not looked at.
func fileOf(body []byte, boundary string) (content []byte, err error) {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for found := false; ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) && found {
			return content, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, rest.Fault(rest.BadRequest, "file", "", "is the part of the form that must hold the file")
		}
		if err != nil {
			return nil, rest.Refuse(rest.BadRequest, "the form cannot be read").Because(err)
		}
		switch {
		case part.FormName() != "file":
			return nil, rest.Fault(rest.BadRequest, "part", part.FormName(), "is unknown; the form has one part, file")
		case found:
			return nil, rest.Fault(rest.BadRequest, "file", "", "is there twice; send one file at a time")
		}
		found = true
		if content, err = io.ReadAll(part); err != nil {
			return nil, rest.Refuse(rest.BadRequest, "the form cannot be read").Because(err)
		}
	}
}

// The headers of a file: it is shown, never run, and kept by the browser of whoever may see it. What somebody sent may look
// like a page to a program that ignores its type; in a sandbox without sources it can do nothing.
const (
	filePolicy  = "default-src 'none'; frame-ancestors 'none'; sandbox"
	fileCache   = "private, max-age=86400, immutable"
	publicCache = "no-cache"
)

// endings of the names under which files are saved.
var endings = map[string]string{
	media.JPEG: ".jpg", media.Opus: ".ogg", media.MP4: ".m4a", media.AAC: ".aac", media.MP3: ".mp3", media.WAV: ".wav", media.AMR: ".amr", media.AMRW: ".awb",
}

// serve answers with a file, or a part of it: players ask for parts of sounds.
func serve(w http.ResponseWriter, r *http.Request, kind, hash, size string, content []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `inline; filename="`+hash[:16]+endings[kind]+`"`)
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("ETag", `"`+hash+"-"+size+`"`)
	// A range that cannot be had may be ignored (RFC 9110, section 14.2); net/http would answer with a text.
	if !hasRange(r.Header.Get("Range"), len(content)) {
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// hasRange reports whether a header names one range that content of a size has.
func hasRange(header string, size int) bool {
	text, ok := strings.CutPrefix(header, "bytes=")
	from, to, both := strings.Cut(text, "-")
	if !ok || !both {
		return false
	}
	start, err := strconv.Atoi(from)
	if from == "" {
		n, err := strconv.Atoi(to) // the last n bytes
		return err == nil && n > 0
	}
	if err != nil || start < 0 || start >= size {
		return false
	}
	end, err := strconv.Atoi(to)
	return to == "" || err == nil && end >= start
}
