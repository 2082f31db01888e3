package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/image/webp"
)

const (
	// decodedBytes bounds what a decoded picture takes of memory, by what its header says before anything is decoded: 50
	// million pixels of a telephone fit, those of the largest sensors do not.
	decodedBytes = 160 << 20
	// PictureMemory is what [Rewrite] takes at most beside the file that it is given.
	PictureMemory = decodedBytes + 80<<20

	// LongSide is the longest side of what is kept, in pixels.
	LongSide = 2560
	// ThumbSide is that of the small picture.
	ThumbSide = 320

	quality, thumbQuality = 85, 75
	// longest bounds a side: JPEG and WebP can say no more, and sums over a row stay small.
	longest = 65_535
)

// encoded is what the header of a picture says: its size, what decoding it takes of memory, and the notes of the camera.
type encoded struct {
	width, height int
	memory        int64
	notes         []byte
	// config and decode are what will decode it: it must read the header as it was read here.
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// rewritePicture decodes a picture and writes it anew. Nothing but its pixels comes through.
func rewritePicture(content []byte, read func([]byte) (*encoded, error), zone *time.Location) (*File, error) {
	head, err := read(content)
	if err != nil {
		return nil, err
	}
	switch {
	case head.width <= 0 || head.height <= 0:
		return nil, refuse(Broken, "the picture says that it has %d × %d pixels", head.width, head.height)
	case head.width > longest || head.height > longest || head.memory > decodedBytes:
		return nil, refuse(Large, "the picture has %d × %d pixels, which take %d MiB to decode; at most %d MiB and %d pixels a side are taken: make it smaller",
			head.width, head.height, head.memory>>20, decodedBytes>>20, longest)
	}
	if config, err := head.config(bytes.NewReader(content)); err != nil {
		return nil, undecoded(err)
	} else if config.Width != head.width || config.Height != head.height {
		return nil, refuse(Broken, "the picture is broken: it says two sizes, %d × %d and %d × %d", head.width, head.height, config.Width, config.Height)
	}
	img, err := head.decode(bytes.NewReader(content))
	if err != nil {
		return nil, undecoded(err)
	}
	if size := img.Bounds().Size(); size.X != head.width || size.Y != head.height {
		return nil, refuse(Broken, "the picture says that it has %d × %d pixels, and has %d × %d", head.width, head.height, size.X, size.Y)
	}
	notes := readExif(head.notes, zone)
	full := turn(shrink(img, LongSide), notes.orientation)
	f := &File{Type: JPEG, Width: full.Rect.Dx(), Height: full.Rect.Dy(), Origin: notes.Origin}
	if f.Bytes, err = encode(full, quality); err != nil {
		return nil, err
	}
	f.Thumb, err = encode(shrink(full, ThumbSide), thumbQuality)
	return f, err
}

// Thumb makes the small picture of one that [Rewrite] has made.
func Thumb(kept []byte) ([]byte, error) {
	img, err := jpeg.Decode(bytes.NewReader(kept))
	if err != nil {
		return nil, err
	}
	return encode(shrink(img, ThumbSide), thumbQuality)
}

func encode(img *image.RGBA, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// undecoded says why a picture could not be decoded.
func undecoded(err error) error {
	var unsupported jpeg.UnsupportedError
	var unread png.UnsupportedError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return refuse(Broken, "the picture is cut off: send it again")
	case errors.As(err, &unsupported), errors.As(err, &unread):
		return refuse(Unwanted, "the picture is of a form that gewu does not read (%v): save it as an ordinary JPEG", err)
	}
	return refuse(Broken, "the picture is cut off or broken (%v): send it again", err)
}

// readJPEG reads the segments before the pixels of the first picture (ITU-T T.81, annex B).
func readJPEG(b []byte) (*encoded, error) {
	head := &encoded{config: jpeg.DecodeConfig, decode: jpeg.Decode}
	for at := 2; at+4 <= len(b); {
		if b[at] != 0xff {
			return nil, refuse(Broken, "the picture is broken: no segment at byte %d", at)
		}
		marker := b[at+1]
		if marker == 0xff { // fill
			at++
			continue
		}
		if marker >= 0xd0 && marker <= 0xd7 { // without content
			at += 2
			continue
		}
		size := int(binary.BigEndian.Uint16(b[at+2:]))
		if size < 2 || at+2+size > len(b) || marker == 0xd9 || marker == 0 {
			break
		}
		content := b[at+4 : at+2+size]
		switch {
		case marker == 0xe1 && bytes.HasPrefix(content, []byte("Exif\x00\x00")) && head.notes == nil:
			head.notes = content[6:]
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if head.width != 0 {
				return nil, refuse(Broken, "the picture is broken: it says its size twice")
			}
			if err := head.frame(content, marker == 0xc2); err != nil {
				return nil, err
			}
		case marker == 0xda:
			if head.width == 0 {
				return nil, refuse(Broken, "the picture is broken: it does not say its size")
			}
			if colours(b) {
				head.memory += 4 * int64(head.width) * int64(head.height) // they are put together anew
			}
			return head, nil
		}
		at += 2 + size
	}
	return nil, refuse(Broken, "the picture is cut off: send it again")
}

// frame reads the header of a frame. Decoding a progressive one holds the coefficients of all samples, four bytes each.
func (e *encoded) frame(b []byte, progressive bool) error {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) || b[5] == 0 {
		return refuse(Broken, "the picture is broken: its frame has no components")
	}
	e.height, e.width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	var samples, widest, highest int64
	for i := range int(b[5]) {
		across, down := int64(b[7+3*i]>>4), int64(b[7+3*i]&15)
		samples += across * down
		widest, highest = max(widest, across), max(highest, down)
	}
	if widest == 0 || highest == 0 {
		return refuse(Broken, "the picture is broken: its frame has no samples")
	}
	// Whole blocks are decoded at the edges.
	block := 8 * max(widest, highest)
	pixels := (int64(e.width) + block) * (int64(e.height) + block)
	each := int64(1)
	if progressive {
		each += 4
	}
	e.memory = pixels * samples * each / (widest * highest)
	if b[5] == 4 || b[5] == 3 && string([]byte{b[6], b[9], b[12]}) == "RGB" {
		e.memory += 4 * pixels // the colours are put together anew
	}
	return nil
}

// colours reports whether a picture may say, between any two scans, that its components are colours.
func colours(b []byte) bool {
	for rest := b; ; {
		at := bytes.Index(rest, []byte("Adobe"))
		if at < 0 || at+11 >= len(rest) {
			return false
		}
		if rest[at+11] == 0 {
			return true
		}
		rest = rest[at+5:]
	}
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// readPNG reads the header and looks for the notes of a camera among the chunks.
func readPNG(b []byte) (*encoded, error) {
	if len(b) < 33 || string(b[12:16]) != "IHDR" {
		return nil, refuse(Broken, "the picture is cut off: send it again")
	}
	head := &encoded{config: png.DecodeConfig, decode: png.Decode}
	width, height := binary.BigEndian.Uint32(b[16:]), binary.BigEndian.Uint32(b[20:])
	head.width, head.height = int(min(width, longest+1)), int(min(height, longest+1))
	each := int64(4)
	switch depth, colour := b[24], b[25]; {
	case depth == 16:
		each = 8
	case colour == 3:
		each = 1
	}
	head.memory = int64(head.width) * int64(head.height) * each
	if b[28] != 0 {
		head.memory *= 2 // the passes of an interlaced picture are pictures of their own
	}
	for at := len(pngSignature); at+12 <= len(b); {
		size := uint64(binary.BigEndian.Uint32(b[at:]))
		if size > uint64(len(b)-at-12) {
			break // the decoder says so
		}
		if string(b[at+4:at+8]) == "eXIf" {
			head.notes = b[at+8 : at+8+int(size)]
			break
		}
		at += 12 + int(size)
	}
	return head, nil
}

// readWebP reads the chunks (RFC 9649). The canvas and what is drawn on it say their sizes each for itself; the largest counts.
func readWebP(b []byte) (*encoded, error) {
	head := &encoded{config: webp.DecodeConfig, decode: webp.Decode}
	each := int64(8) // lossless, or with an alpha channel: a buffer for the pixels, and one for what they become
	size := func(width, height int) { head.width, head.height = max(head.width, width), max(head.height, height) }
	for at := 12; at+8 <= len(b); {
		name, length := string(b[at:at+4]), uint64(binary.LittleEndian.Uint32(b[at+4:]))
		// The decoder goes on with what there is of the last chunk.
		content := b[at+8:]
		content = content[:min(length, uint64(len(content)))]
		switch {
		case name == "VP8X" && len(content) >= 10:
			if content[0]&2 != 0 {
				return nil, refuse(Unwanted, "the picture is a moving WebP: send one that stands still, or JPEG")
			}
			size(1+int(binary.LittleEndian.Uint32(content[3:])>>8), 1+int(binary.LittleEndian.Uint32(content[6:])>>8))
		case name == "VP8 " && len(content) >= 10:
			if at == 12 {
				each = 3
			}
			size(int(binary.LittleEndian.Uint16(content[6:])&0x3fff), int(binary.LittleEndian.Uint16(content[8:])&0x3fff))
		case name == "VP8L" && len(content) >= 5:
			bits := binary.LittleEndian.Uint32(content[1:])
			size(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
		case name == "EXIF":
			head.notes = bytes.TrimPrefix(content, []byte("Exif\x00\x00"))
		}
		if length > uint64(len(b)) {
			break
		}
		at += 8 + int(length) + int(length&1)
	}
	if head.width == 0 {
		return nil, refuse(Broken, "the picture is cut off: send it again")
	}
	head.memory = int64(head.width) * int64(head.height) * each
	return head, nil
}
