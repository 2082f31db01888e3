package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/attachment/media"
)

// rewrite makes what is kept of a file that must be taken.
func rewrite(t testing.TB, content []byte) *media.File {
	t.Helper()
	before := bytes.Clone(content)
	f, err := media.Rewrite(content, time.FixedZone("city", 8*3600))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, before) {
		t.Error("the content was changed")
	}
	return f
}

func decode(t testing.TB, b []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// near reports whether a pixel has about a colour.
func near(img image.Image, x, y int, want color.RGBA) bool {
	r, g, b, _ := img.At(x, y).RGBA()
	for _, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(b>>8) - int(want.B)} {
		if d < -24 || d > 24 {
			return false
		}
	}
	return true
}

// TestPictureLosesAll plants words wherever a picture can hold some: none comes through, the pixels do.
func TestPictureLosesAll(t *testing.T) {
	thumb := append(jpegOf(t, corners(16, 16)), secret...)
	plain := jpegOf(t, corners(80, 60))
	for name, content := range map[string][]byte{
		"jpeg": append(withSegments(plain,
			segment(0xe0, []byte("JFXX\x00"+secret)), exifSegment(append(camera(1), thumb...)),
			segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+secret)), segment(0xe2, []byte("ICC_PROFILE\x00\x01\x01"+secret)),
			segment(0xed, []byte("Photoshop 3.0\x00"+secret)), segment(0xfe, []byte(secret))), "<script>"+secret...),
		"png": append(withChunks(pngOf(t, corners(80, 60)),
			chunk("eXIf", camera(1)), chunk("tEXt", []byte("Author\x00"+secret)), chunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret)),
			chunk("iCCP", []byte("x\x00\x00"+secret)), chunk("zzZz", []byte(secret))), secret...),
		"webp": append(riff("WEBP", canvas(0x0c, 64, 40), lossy(t)[12:], riffChunk("EXIF", camera(1)), riffChunk("XMP ", []byte(secret))), secret...),
	} {
		if !bytes.Contains(content, []byte(secret)) {
			t.Fatalf("%s: nothing is planted", name)
		}
		f := rewrite(t, content)
		for what, b := range map[string][]byte{"picture": f.Bytes, "small picture": f.Thumb} {
			for _, words := range []string{secret, "Exif", "xmp", "ICC", "JFIF", "script", "2026"} {
				if bytes.Contains(b, []byte(words)) {
					t.Errorf("%s: %q is in the %s", name, words, what)
				}
			}
			if !bytes.HasSuffix(b, []byte{0xff, 0xd9}) || bytes.Count(b, []byte{0xff, 0xd8, 0xff}) != 1 {
				t.Errorf("%s: the %s is more than one picture", name, what)
			}
			decode(t, b)
		}
		if f.Type != media.JPEG || media.TypeOf(f.Bytes) != media.JPEG {
			t.Errorf("%s: kept as %s", name, f.Type)
		}
		want := time.Date(2026, 3, 14, 9, 26, 53, 0, time.FixedZone("", 8*3600))
		if !f.Taken.Equal(want) {
			t.Errorf("%s: taken %v, want %v", name, f.Taken, want)
		}
		if p := f.Point; p == nil || math.Abs(p.Lon-121.5644) > 1e-6 || math.Abs(p.Lat-25.0375333) > 1e-6 || p.Accuracy != 6.5 {
			t.Errorf("%s: taken at %+v", name, p)
		}
		if img := decode(t, f.Bytes); !near(img, 5, 5, color.RGBA{255, 0, 0, 255}) || img.Bounds().Dx() != f.Width || img.Bounds().Dy() != f.Height {
			t.Errorf("%s: the pixels are others: %v %v", name, img.At(5, 5), img.Bounds())
		}
	}
}

// TestOrientation turns a picture as each of the eight orientations says: what is kept stands upright.
func TestOrientation(t *testing.T) {
	red, green, blue, white := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 255, 255, 255}
	// Of a stored picture with red, green above blue, white: the upright one, row by row. Orientation 6, for one, says that
	// the first stored row is the right side of the upright picture.
	for orientation, want := range [9][4]color.RGBA{
		{red, green, blue, white},
		{red, green, blue, white},
		{green, red, white, blue},
		{white, blue, green, red},
		{blue, white, red, green},
		{red, blue, green, white},
		{blue, red, white, green},
		{white, green, blue, red},
		{green, white, red, blue},
	} {
		f := rewrite(t, withSegments(jpegOf(t, corners(96, 64)), exifSegment(camera(uint16(orientation)))))
		w, h := 96, 64
		if orientation >= 5 {
			w, h = h, w
		}
		img := decode(t, f.Bytes)
		if f.Width != w || f.Height != h || img.Bounds().Dx() != w || img.Bounds().Dy() != h {
			t.Errorf("orientation %d: %d × %d", orientation, f.Width, f.Height)
			continue
		}
		for i, c := range want {
			if x, y := w/4+i%2*w/2, h/4+i/2*h/2; !near(img, x, y, c) {
				t.Errorf("orientation %d: corner %d is %v, want %v", orientation, i, img.At(x, y), c)
			}
		}
	}
}

// TestSizes keeps small pictures as they are and makes large ones smaller, with their proportions.
func TestSizes(t *testing.T) {
	for _, tc := range []struct{ w, h, width, height, thumbWidth, thumbHeight int }{
		{1, 1, 1, 1, 1, 1},
		{319, 200, 319, 200, 319, 200},
		{2560, 100, 2560, 100, 320, 13},
		{3000, 1500, 2560, 1280, 320, 160},
		{100, 5000, 51, 2560, 6, 320},
		{6000, 1, 2560, 1, 320, 1},
	} {
		f := rewrite(t, jpegOf(t, corners(tc.w, tc.h)))
		small := decode(t, f.Thumb).Bounds()
		if f.Width != tc.width || f.Height != tc.height || small.Dx() != tc.thumbWidth || small.Dy() != tc.thumbHeight {
			t.Errorf("%d × %d: %d × %d and %v", tc.w, tc.h, f.Width, f.Height, small)
		}
	}
}

// TestFormsOfPictures reads what the three formats can hold; what is transparent becomes white.
func TestFormsOfPictures(t *testing.T) {
	glass := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	draw.Draw(glass, image.Rect(0, 0, 40, 20), image.NewUniform(color.NRGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	grey := image.NewGray16(image.Rect(0, 0, 40, 40))
	palette := image.NewPaletted(image.Rect(0, 0, 40, 40), color.Palette{color.RGBA{255, 0, 0, 255}, color.Transparent})
	draw.Draw(palette, image.Rect(0, 20, 40, 40), image.NewUniform(color.Transparent), image.Point{}, draw.Src)
	for i := range palette.Pix {
		palette.Pix[i] = uint8(i / 40 / 20)
	}
	red, white, black, blue := color.RGBA{255, 0, 0, 255}, color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 0, 255}, color.RGBA{0, 0, 255, 255}
	for name, tc := range map[string]struct {
		content    []byte
		above, low color.RGBA
	}{
		"png with alpha":     {pngOf(t, glass), red, white},
		"png of 16 bits":     {pngOf(t, grey), black, black},
		"png with a palette": {pngOf(t, palette), red, white},
		"lossy webp":         {lossy(t), red, blue},
		"lossless webp":      {lossless(t), red, blue},
		"webp on a canvas":   {riff("WEBP", canvas(0, 64, 40), lossless(t)[12:]), red, blue},
	} {
		img := decode(t, rewrite(t, tc.content).Bytes)
		if !near(img, 10, 5, tc.above) || !near(img, 10, 35, tc.low) {
			t.Errorf("%s: %v above %v", name, img.At(10, 5), img.At(10, 35))
		}
	}
}

// TestRefusedPictures sends what is no picture, or none that is taken: each refusal says why.
func TestRefusedPictures(t *testing.T) {
	var animation bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	if err := gif.EncodeAll(&animation, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	photo := jpegOf(t, corners(640, 480))
	huge := bytes.Clone(photo)
	sof := bytes.Index(huge, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(huge[sof+5:], 65_000)
	binary.BigEndian.PutUint16(huge[sof+7:], 65_000)
	progressive := bytes.Clone(photo)
	progressive[sof+1] = 0xc2
	binary.BigEndian.PutUint16(progressive[sof+5:], 6000)
	binary.BigEndian.PutUint16(progressive[sof+7:], 8000)
	arithmetic := bytes.Clone(photo)
	arithmetic[sof+1] = 0xc9
	frame1 := bytes.Clone(photo[sof : sof+19])
	hidden := bytes.Clone(lossless(t))
	binary.LittleEndian.PutUint32(hidden[21:], binary.LittleEndian.Uint32(hidden[21:])|0x0fffffff)
	for name, tc := range map[string]struct {
		content []byte
		why     media.Why
		words   string
	}{
		"nothing":                  {nil, media.Unwanted, "empty file"},
		"text":                     {[]byte("hello"), media.Unwanted, "no picture and no sound"},
		"svg":                      {[]byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), media.Unwanted, "SVG"},
		"page":                     {[]byte("\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>"), media.Unwanted, "HTML"},
		"gif that is a script":     {[]byte("GIF89a/*\x00*/=1;alert(1)"), media.Unwanted, "a GIF"},
		"gif that moves":           {animation.Bytes(), media.Unwanted, "a GIF"},
		"heic":                     {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), media.Unwanted, "Most Compatible"},
		"avif":                     {[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00"), media.Unwanted, "JPEG"},
		"tiff":                     {camera(1), media.Unwanted, "TIFF"},
		"pdf":                      {[]byte("%PDF-1.7"), media.Unwanted, "a PDF"},
		"webp that moves":          {riff("WEBP", canvas(2, 64, 40), riffChunk("ANIM", make([]byte, 6))), media.Unwanted, "moving"},
		"cut off jpeg":             {photo[:len(photo)/2], media.Broken, "cut off"},
		"jpeg without pixels":      {photo[:20], media.Broken, "cut off"},
		"cut off png":              {pngOf(t, corners(64, 64))[:60], media.Broken, "cut off"},
		"cut off webp":             {lossy(t)[:40], media.Broken, ""},
		"webp without frames":      {riff("WEBP"), media.Broken, "cut off"},
		"jpeg of a page":           {append([]byte("\xff\xd8\xff\xe0"), "<html><script>alert(1)</script>"...), media.Broken, ""},
		"huge jpeg":                {huge, media.Large, "65000 × 65000"},
		"huge progressive jpeg":    {progressive, media.Large, "8000 × 6000"},
		"jpeg with two frames":     {withSegments(photo, frame1), media.Broken, "twice"},
		"arithmetic jpeg":          {arithmetic, media.Unwanted, "ordinary JPEG"},
		"png bomb":                 {bomb(50_000, 50_000, 3), media.Large, "50000 × 50000"},
		"flat png bomb":            {bomb(4_000_000, 1, 1), media.Large, "pixels a side"},
		"png of nothing":           {bomb(0, 0, 1), media.Broken, "0 × 0"},
		"png that ends too early":  {bomb(100, 100, 3), media.Broken, ""},
		"webp bomb":                {hidden, media.Large, "16384 × 16384"},
		"webp bomb on a canvas":    {riff("WEBP", canvas(0, 8, 8), hidden[12:]), media.Large, "16384 × 16384"},
		"webp of another size":     {riff("WEBP", canvas(0, 100, 100), lossless(t)[12:]), media.Broken, "broken"},
		"more bytes than are read": {append(bytes.Clone(photo), make([]byte, media.PictureBytes)...), media.Large, "at most 20 MiB"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := media.Rewrite(tc.content, nil)
		runtime.ReadMemStats(&after)
		refusal, ok := errors.AsType[*media.RefusedError](err)
		if !ok || refusal.Why != tc.why || !strings.Contains(refusal.Text, tc.words) {
			t.Errorf("%s: %v", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
			t.Errorf("%s: refusing it took %d MiB", name, took>>20)
		}
	}
}

// TestPolyglots: what is a picture and something else is only a picture afterwards.
func TestPolyglots(t *testing.T) {
	script := "/*<script>alert(1)</script>*/"
	for name, content := range map[string][]byte{
		"script behind":       append(jpegOf(t, corners(8, 8)), script...),
		"archive behind":      append(pngOf(t, corners(8, 8)), "PK\x03\x04"+script...),
		"script in a comment": withSegments(jpegOf(t, corners(8, 8)), segment(0xfe, []byte("*/=1;"+script))),
		"second picture":      append(jpegOf(t, corners(8, 8)), withSegments(jpegOf(t, corners(8, 8)), segment(0xfe, []byte(script)))...),
	} {
		f := rewrite(t, content)
		if bytes.Contains(f.Bytes, []byte("script")) || bytes.Contains(f.Bytes, []byte("PK\x03\x04")) {
			t.Errorf("%s comes through", name)
		}
	}
}

// TestShrinkIsTheMean compares the small picture with one that is computed pixel by pixel, from the areas that each pixel of
// the source has in it.
func TestShrinkIsTheMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 40).Draw(t, "h")
		side := rapid.IntRange(1, 40).Draw(t, "side")
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = rapid.Byte().Draw(t, "pix")
		}
		got := media.Shrink(img, side)
		gw, gh := got.Rect.Dx(), got.Rect.Dy()
		if max(gw, gh) > side || max(w, h) <= side && (gw != w || gh != h) {
			t.Fatalf("%d × %d becomes %d × %d, with %d a side", w, h, gw, gh, side)
		}
		overlap := func(i, n, j, m int) float64 { // of pixel i of n and pixel j of m, in pixels of m
			a, b := float64(i)*float64(m)/float64(n), float64(i+1)*float64(m)/float64(n)
			return max(0, min(b, float64(j+1))-max(a, float64(j)))
		}
		for y := range gh {
			for x := range gw {
				var want [3]float64
				for sy := range h {
					for sx := range w {
						part := overlap(sx, w, x, gw) * overlap(sy, h, y, gh)
						c := img.NRGBAAt(sx, sy)
						for i, v := range [3]uint8{c.R, c.G, c.B} {
							want[i] += part * (float64(v)*float64(c.A) + 255*float64(255-int(c.A))) / 255
						}
					}
				}
				c := got.RGBAAt(x, y)
				for i, v := range [3]uint8{c.R, c.G, c.B} {
					if math.Abs(float64(v)-want[i]) > 1.6 {
						t.Fatalf("%d × %d to %d × %d: pixel %d,%d is %v, want %v", w, h, gw, gh, x, y, c, want)
					}
				}
			}
		}
	})
}

// TestOrigin reads notes of cameras as they are, and takes nothing from those that make no sense.
func TestOrigin(t *testing.T) {
	zone := time.FixedZone("city", 8*3600)
	place := func(lat, lon []uint32, north, east string) []note {
		return []note{{1, 2, north}, {2, 5, lat}, {3, 2, east}, {4, 5, lon}}
	}
	read := func(order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}, camera, place []note,
	) media.Origin {
		return rewrite(t, withSegments(jpegOf(t, corners(8, 8)), exifSegment(notes(order, nil, camera, place)))).Origin
	}
	for _, tc := range []struct {
		clock, offset string
		want          time.Time
	}{
		{"2026:03:14 09:26:53", "", time.Date(2026, 3, 14, 9, 26, 53, 0, zone)},
		{"2026:03:14 09:26:53", "-03:30", time.Date(2026, 3, 14, 12, 56, 53, 0, time.UTC)},
		{"2026:03:14 09:26:53", "nonsense", time.Date(2026, 3, 14, 9, 26, 53, 0, zone)},
		{"0000:00:00 00:00:00", "", time.Time{}},
		{"1970:01:01 00:00:00", "", time.Time{}},
		{"2026-03-14", "", time.Time{}},
		{secret, secret, time.Time{}},
	} {
		for _, order := range []interface {
			binary.ByteOrder
			binary.AppendByteOrder
		}{binary.BigEndian, binary.LittleEndian} {
			if got := read(order, []note{{0x9003, 2, tc.clock}, {0x9011, 2, tc.offset}}, nil).Taken; !got.Equal(tc.want) {
				t.Errorf("%q %q: %v, want %v", tc.clock, tc.offset, got, tc.want)
			}
		}
	}
	satellites := []note{{7, 5, []uint32{1, 1, 26, 1, 5350, 100}}, {0x1d, 2, "2026:03:14"}}
	if got, want := read(binary.BigEndian, nil, satellites).Taken, time.Date(2026, 3, 14, 1, 26, 53, 0, time.UTC); !got.Equal(want) {
		t.Errorf("by satellites %v, want %v", got, want)
	}
	for name, tc := range map[string]struct {
		notes []note
		want  string
	}{
		"south and west":      {place([]uint32{33, 1, 51, 1, 0, 1}, []uint32{70, 1, 30, 1, 36, 1}, "S", "W"), "-70.5100000 -33.8500000"},
		"minutes with digits": {place([]uint32{25, 1, 225, 100, 0, 1}, []uint32{121, 1, 3384, 100, 0, 1}, "N", "E"), "121.5640000 25.0375000"},
		"no receiver":         {place([]uint32{0, 1, 0, 1, 0, 1}, []uint32{0, 1, 0, 1, 0, 1}, "N", "E"), ""},
		"divided by 0":        {place([]uint32{25, 0, 2, 1, 0, 1}, []uint32{121, 1, 33, 1, 0, 1}, "N", "E"), ""},
		"beyond the pole":     {place([]uint32{95, 1, 2, 1, 0, 1}, []uint32{121, 1, 33, 1, 0, 1}, "N", "E"), ""},
		"beyond the line":     {place([]uint32{25, 1, 2, 1, 0, 1}, []uint32{181, 1, 33, 1, 0, 1}, "N", "E"), ""},
		"wrong minutes":       {place([]uint32{25, 1, 61, 1, 0, 1}, []uint32{121, 1, 33, 1, 0, 1}, "N", "E"), ""},
		"no side":             {place([]uint32{25, 1, 2, 1, 0, 1}, []uint32{121, 1, 33, 1, 0, 1}, "", "E"), ""},
		"two of three":        {place([]uint32{25, 1, 2, 1}, []uint32{121, 1, 33, 1, 0, 1}, "N", "E"), ""},
		"latitude only":       {place([]uint32{25, 1, 2, 1, 0, 1}, nil, "N", "E"), ""},
	} {
		got := ""
		if p := read(binary.LittleEndian, nil, tc.notes).Point; p != nil {
			got = fmt.Sprintf("%.7f %.7f", p.Lon, p.Lat)
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// FuzzRewrite: whatever comes, it ends without a panic, within memory, and what is kept is a file of the kind that it says,
// which is taken again and stays the same kind.
func FuzzRewrite(f *testing.F) {
	plain := jpegOf(f, corners(24, 16))
	for _, seed := range [][]byte{
		plain, withSegments(plain, exifSegment(camera(6))), withChunks(pngOf(f, corners(9, 9)), chunk("eXIf", camera(3))), lossy(f), lossless(f),
		riff("WEBP", canvas(0x0c, 64, 40), lossy(f)[12:], riffChunk("EXIF", camera(1))), bomb(50_000, 50_000, 1),
		wav(1, 600), ogg(f, 4), m4a(), amr(5), adts(5), mp3(5), append(id3(), mp3(5)...),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		kept, err := media.Rewrite(content, time.UTC)
		if err != nil {
			if _, ok := errors.AsType[*media.RefusedError](err); !ok {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if media.TypeOf(kept.Bytes) != kept.Type {
			t.Fatalf("kept as %s, and looks like %q", kept.Type, media.TypeOf(kept.Bytes))
		}
		again, err := media.Rewrite(kept.Bytes, time.UTC)
		if err != nil {
			t.Fatalf("what is kept is not taken: %v", err)
		}
		if kept.Thumb == nil && !bytes.Equal(again.Bytes, kept.Bytes) {
			t.Fatal("a sound that is kept changes when it is sent again")
		}
	})
}

// BenchmarkRewrite takes pictures as telephones make them.
func BenchmarkRewrite(b *testing.B) {
	for name, size := range map[string][2]int{"12 megapixels": {4032, 3024}, "48 megapixels": {8064, 6048}} {
		img := image.NewYCbCr(image.Rect(0, 0, size[0], size[1]), image.YCbCrSubsampleRatio420)
		for i := range img.Y {
			img.Y[i] = uint8(i>>5 ^ i>>18) // edges every 32 pixels, as of a wall of bricks
		}
		content := jpegOf(b, img)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := media.Rewrite(content, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
