package media_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// The builders of this file make what cameras, telephones and attackers send.

// secret is planted wherever a file can hold words; none of it may come through.
const secret = "GEHEIM-Kamera-4711"

// corners is a picture of four colours, so that one sees how it is turned: red, green above blue, white.
func corners(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}[2*(2*y/h)+2*x/w])
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// segment is a segment of a JPEG.
func segment(marker byte, content []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(content)+2))
	return append(head, content...)
}

// withSegments puts segments behind the start of a JPEG.
func withSegments(b []byte, segments ...[]byte) []byte {
	return bytes.Join(append([][]byte{b[:2]}, append(segments, b[2:])...), nil)
}

// note is one entry of a directory: numbers of two bytes, texts, offsets or fractions.
type note struct {
	tag   uint16
	kind  uint16
	value any
}

// notes writes directories as cameras do: the main one, that of the camera and that of the place.
func notes(order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}, main, camera, place []note,
) []byte {
	out := []byte("II*\x00")
	if order.Uint16([]byte{0, 1}) == 1 {
		out = []byte("MM\x00*")
	}
	out = order.AppendUint32(out, 8)
	size := func(n int) uint32 { return uint32(2 + 12*n + 4) }
	if camera != nil {
		main = append(main, note{0x8769, 4, uint32(0)})
	}
	if place != nil {
		main = append(main, note{0x8825, 4, uint32(0)})
	}
	cameraAt := 8 + size(len(main))
	placeAt := cameraAt + size(len(camera))
	dataAt := placeAt + size(len(place))
	var data []byte
	for i := range main {
		switch main[i].tag {
		case 0x8769:
			main[i].value = cameraAt
		case 0x8825:
			main[i].value = placeAt
		}
	}
	for _, dir := range [][]note{main, camera, place} {
		out = order.AppendUint16(out, uint16(len(dir)))
		for _, n := range dir {
			out = order.AppendUint16(out, n.tag)
			out = order.AppendUint16(out, n.kind)
			var value []byte
			count := 1
			switch v := n.value.(type) {
			case uint16:
				value = order.AppendUint16(nil, v)
			case uint32:
				value = order.AppendUint32(nil, v)
			case string:
				value = append([]byte(v), 0)
				count = len(value)
			case []uint32:
				for _, one := range v {
					value = order.AppendUint32(value, one)
				}
				count = len(v) / 2
			}
			out = order.AppendUint32(out, uint32(count))
			if len(value) > 4 {
				out = order.AppendUint32(out, dataAt+uint32(len(data)))
				data = append(data, value...)
			} else {
				out = append(out, append(value, 0, 0, 0, 0)[:4]...)
			}
		}
		out = order.AppendUint32(out, 0)
	}
	return append(out, data...)
}

// camera is the notes of a picture taken at the Taipei city hall.
func camera(orientation uint16) []byte {
	return notes(binary.BigEndian,
		[]note{{0x010f, 2, secret}, {0x0112, 3, orientation}},
		[]note{{0x9003, 2, "2026:03:14 09:26:53"}, {0x9011, 2, "+08:00"}, {0x9286, 2, secret}},
		[]note{
			{1, 2, "N"},
			{2, 5, []uint32{25, 1, 2, 1, 1512, 100}},
			{3, 2, "E"},
			{4, 5, []uint32{121, 1, 33, 1, 5184, 100}},
			{0x1f, 5, []uint32{65, 10}},
		})
}

func exifSegment(content []byte) []byte {
	return segment(0xe1, append([]byte("Exif\x00\x00"), content...))
}

// chunk is a chunk of a PNG.
func chunk(name string, content []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	out = append(append(out, name...), content...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// withChunks puts chunks behind the header of a PNG.
func withChunks(b []byte, chunks ...[]byte) []byte {
	return bytes.Join(append([][]byte{b[:33]}, append(chunks, b[33:])...), nil)
}

// bomb is a PNG of a few kilobytes with so many pixels.
func bomb(w, h uint32, rows int) []byte {
	head := binary.BigEndian.AppendUint32(nil, w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	row := make([]byte, 1+4*w)
	for range rows {
		z.Write(row)
	}
	z.Close()
	return bytes.Join([][]byte{[]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head), chunk("IDAT", packed.Bytes()), chunk("IEND", nil)}, nil)
}

// lossy and lossless are WebPs of 64 × 40 pixels, red above blue.
func lossy(t testing.TB) []byte    { t.Helper(); return decoded(t, webpLossy) }
func lossless(t testing.TB) []byte { t.Helper(); return decoded(t, webpLossless) }

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// riff puts chunks into a RIFF file of a kind.
func riff(kind string, chunks ...[]byte) []byte {
	body := append([]byte(kind), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func riffChunk(name string, content []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(content)))
	out = append(out, content...)
	if len(content)&1 != 0 {
		out = append(out, 0)
	}
	return out
}

// canvas is the chunk that says the size of what is drawn on.
func canvas(flags byte, w, h int) []byte {
	b := append([]byte{flags, 0, 0, 0}, byte(w-1), byte((w-1)>>8), byte((w-1)>>16))
	return riffChunk("VP8X", append(b, byte(h-1), byte((h-1)>>8), byte((h-1)>>16)))
}

const (
	webpLossy    = "UklGRnYAAABXRUJQVlA4IGoAAADQBACdASpAACgAPxF4tFIsJyUirUgBgCIJQBnjUgkwH8AuP+7AANZ07tMZ/h9cAAD+5s7fXf4bW3/+Wf+UXvK6hGZ/c3P/85cRZ/CrCd7Bs8x5g3+iHWtIroZ+cS/UQYTc3NphZjaTKAAA"
	webpLossless = "UklGRiYAAABXRUJQVlA4TBoAAAAvP8AJAA8Q87//8x8OxIJJ/tIZ7I7of86LBw=="
)
