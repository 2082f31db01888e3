// Package media makes of the files that people send what may be kept and shown to others: pictures are decoded and written
// anew, sounds are taken apart and put together again, each without what a camera, a telephone or an attacker put beside
// them. Neither a name nor a media type that came along counts, only the bytes do.
//
// Its functions are pure and may be called at the same time. What one of them takes of memory is bounded: see
// [PictureMemory].
package media

import (
	"bytes"
	"fmt"
	"time"
)

// The media types of what is kept.
const (
	JPEG = "image/jpeg"
	Opus = "audio/ogg"
	MP4  = "audio/mp4"
	AAC  = "audio/aac"
	MP3  = "audio/mpeg"
	WAV  = "audio/wav"
	AMR  = "audio/amr"
	AMRW = "audio/amr-wb"
)

// Bounds of the files that are taken. A telephone makes pictures of 2 to 15 MB; an hour of speech has 10 MB as Opus, five
// minutes as WAV.
const (
	PictureBytes = 20 << 20
	SoundBytes   = 10 << 20
	// MostBytes bounds a file before it is known what it is.
	MostBytes = PictureBytes
)

// Why says what kind of fault a file has.
type Why uint8

const (
	// Unwanted is a file of a kind that is not taken.
	Unwanted Why = iota
	// Large is a file with more bytes or pixels than are taken.
	Large
	// Broken is a file that says what it is and then does not keep to it.
	Broken
)

// RefusedError is an error that says why a file is not taken, in words for whoever sent it.
type RefusedError struct {
	Why  Why
	Text string
}

func (r *RefusedError) Error() string { return r.Text }

func refuse(why Why, format string, args ...any) error {
	return &RefusedError{why, fmt.Sprintf(format, args...)}
}

// File is what is kept of a file, and what it said of where and when it was made: that is told to whoever sent it, once, and
// kept nowhere.
type File struct {
	// Type is the media type of Bytes, which alone are to be kept.
	Type  string
	Bytes []byte
	// Thumb is a small JPEG of a picture; nil for a sound. Width and Height are those of the picture in pixels.
	Thumb         []byte
	Width, Height int
	Origin
}

// Origin is what a camera noted of a picture.
type Origin struct {
	// Taken is when, the zero time if it does not say.
	Taken time.Time
	// Point is where, nil if it does not say.
	Point *Point
}

// Point is a place in degrees, WGS 84.
type Point struct {
	Lon, Lat float64
	// Accuracy is how far away it may be, in metres; 0 says nothing.
	Accuracy float64
}

// accepted ends the messages about files that are not taken.
const accepted = "taken are pictures as JPEG, PNG or WebP, and sound as Ogg Opus, M4A, AAC, MP3, WAV or AMR"

// Rewrite makes of a file what is kept. zone is where the clock of a camera is that does not name its own. The error is a
// [*RefusedError]; content is not changed.
func Rewrite(content []byte, zone *time.Location) (*File, error) {
	kind := kindOf(content)
	switch {
	case kind.why != "":
		return nil, refuse(Unwanted, "this is %s; %s", kind.why, accepted)
	case kind.picture != nil && len(content) > PictureBytes:
		return nil, refuse(Large, "the picture has %d MiB; at most %d MiB are taken", len(content)>>20, PictureBytes>>20)
	case kind.picture != nil:
		return rewritePicture(content, kind.picture, zone)
	case len(content) > SoundBytes:
		return nil, refuse(Large, "the sound has %d MiB; at most %d MiB are taken", len(content)>>20, SoundBytes>>20)
	}
	kept, err := kind.sound(content)
	if err != nil {
		return nil, err
	}
	return &File{Type: kind.kept, Bytes: kept}, nil
}

// TypeOf is the media type of bytes that Rewrite made; empty for others.
func TypeOf(kept []byte) string { return kindOf(kept).kept }

// kind is what a file seems to be by its first bytes.
type kind struct {
	// kept is the media type of what becomes of it.
	kept    string
	picture func([]byte) (*encoded, error)
	sound   func([]byte) ([]byte, error)
	// why says what it is if it is not taken.
	why string
}

// kindOf looks at the first bytes.
func kindOf(b []byte) kind {
	at := func(offset int, text string) bool {
		return len(b) >= offset+len(text) && string(b[offset:offset+len(text)]) == text
	}
	switch {
	case len(b) == 0:
		return kind{why: "an empty file"}
	case at(0, "\xff\xd8\xff"):
		return kind{kept: JPEG, picture: readJPEG}
	case at(0, pngSignature):
		return kind{kept: JPEG, picture: readPNG}
	case at(0, "RIFF") && at(8, "WEBP"):
		return kind{kept: JPEG, picture: readWebP}
	case at(0, "RIFF") && at(8, "WAVE"):
		return kind{kept: WAV, sound: rewriteWAV}
	case at(0, "OggS"):
		return kind{kept: Opus, sound: rewriteOgg}
	case at(0, amrWide):
		return kind{kept: AMRW, sound: rewriteAMR}
	case at(0, amrNarrow):
		return kind{kept: AMR, sound: rewriteAMR}
	case at(4, "ftyp"):
		return mp4Kind(b)
	case at(0, "ID3"), isMPEG(b):
		if isADTS(b[id3Length(b):]) {
			return kind{kept: AAC, sound: rewriteADTS}
		}
		return kind{kept: MP3, sound: rewriteMP3}
	}
	return kind{why: strangerOf(b)}
}

// strangerOf names a file that is not taken, as far as somebody may have taken it for one that is.
func strangerOf(b []byte) string {
	for prefix, name := range map[string]string{
		"GIF8": "a GIF", "BM": "a BMP", "II*\x00": "a TIFF or a raw picture of a camera", "MM\x00*": "a TIFF or a raw picture of a camera",
		"%PDF": "a PDF", "PK\x03\x04": "an archive or a document of an office", "\x1aE\xdf\xa3": "a WebM or Matroska file",
		"fLaC": "a FLAC", "#!SILK": "a SILK recording", "\x02#!SILK": "a SILK recording",
	} {
		if bytes.HasPrefix(b, []byte(prefix)) {
			return name
		}
	}
	start := bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 512)], "\xef\xbb\xbf \t\r\n"))
	if bytes.HasPrefix(start, []byte("<")) {
		return "a page, a drawing or another text with marks (HTML, SVG, XML)"
	}
	return "no picture and no sound"
}

// brands of HEIF, which iPhones make when nothing else is set, and of its relative AVIF.
var heif = map[string]bool{"heic": true, "heix": true, "heim": true, "heis": true, "hevc": true, "hevx": true, "mif1": true, "msf1": true, "avif": true, "avis": true}

// mp4Kind tells pictures in boxes from sound in boxes.
func mp4Kind(b []byte) kind {
	if len(b) >= 12 && heif[string(b[8:12])] {
		return kind{why: "a HEIC or AVIF picture, which gewu does not read: on an iPhone choose Settings, Camera, Formats, Most Compatible, or have it sent as JPEG"}
	}
	return kind{kept: MP4, sound: rewriteMP4}
}
