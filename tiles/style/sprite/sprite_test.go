package sprite_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"image"
	"image/png"
	"os"
	"testing"

	"github.com/gewu-city/gewu/tiles/style/sprite"
	"github.com/gewu-city/gewu/tiles/style/sprite/raster"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

var update = flag.Bool("update", false, "draw the sheets anew")

// The embedded sheets are what the drawings look like now. Processors that fuse multiplication and addition may round a
// colour otherwise.
func TestSheetsAreUpToDate(t *testing.T) {
	for _, theme := range symbol.Themes {
		for _, r := range sprite.Ratios {
			name := theme + r.Suffix
			drawn, places, err := raster.Sheet(theme, r.Ratio)
			if err != nil {
				t.Fatal(err)
			}
			index, err := raster.Index(places)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				write(t, name, drawn, index)
				continue
			}
			if have, _ := sprite.Index(name); !bytes.Equal(have, index) {
				t.Errorf("%s.json is out of date: go generate ./tiles/style/sprite", name)
			}
			have, _ := sprite.Picture(name)
			decoded, err := png.Decode(bytes.NewReader(have))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if at, same := differ(drawn, decoded); !same {
				t.Errorf("%s.png is out of date at %v: go generate ./tiles/style/sprite", name, at)
			}
		}
	}
}

func write(t *testing.T, name string, sheet *image.NRGBA, index []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, sheet); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{name + ".png": b.Bytes(), name + ".json": index} {
		if err := os.WriteFile("sheets/"+file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// differ finds a pixel that is another colour in b.
func differ(a, b image.Image) (image.Point, bool) {
	const rounding = 3 << 8
	if a.Bounds() != b.Bounds() {
		return image.Point{}, false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r, g, bl, al := a.At(x, y).RGBA()
			r2, g2, bl2, al2 := b.At(x, y).RGBA()
			for _, d := range [][2]uint32{{r, r2}, {g, g2}, {bl, bl2}, {al, al2}} {
				if max(d[0], d[1])-min(d[0], d[1]) > rounding {
					return image.Pt(x, y), false
				}
			}
		}
	}
	return image.Point{}, true
}

// Every symbol of every sheet lies within the picture and apart from the others, and is drawn.
func TestIndex(t *testing.T) {
	for _, theme := range symbol.Themes {
		for _, r := range sprite.Ratios {
			text, ok := sprite.Index(theme + r.Suffix)
			if !ok {
				t.Fatalf("no %s%s", theme, r.Suffix)
			}
			var places map[string]raster.Place
			if err := json.Unmarshal(text, &places); err != nil {
				t.Fatal(err)
			}
			body, _ := sprite.Picture(theme + r.Suffix)
			sheet, err := png.Decode(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			taken := map[image.Rectangle]string{}
			for _, s := range symbol.All() {
				p, ok := places[s.Name]
				box := image.Rect(p.X, p.Y, p.X+p.Width, p.Y+p.Height)
				if !ok || p.PixelRatio != r.Ratio || p.Width != symbol.Size*r.Ratio || p.Height != p.Width || !box.In(sheet.Bounds()) {
					t.Errorf("%s%s: %s is at %+v", theme, r.Suffix, s.Name, p)
				}
				for other, name := range taken {
					if box.Overlaps(other) {
						t.Errorf("%s lies over %s", s.Name, name)
					}
				}
				taken[box] = s.Name
				if _, _, _, alpha := sheet.At(p.X+p.Width/2, p.Y+p.Height/2).RGBA(); alpha != 0xffff {
					t.Errorf("%s%s: nothing is drawn at the middle of %s", theme, r.Suffix, s.Name)
				}
			}
			if len(places) != len(taken) {
				t.Errorf("%d places for %d symbols", len(places), len(taken))
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, name := range []string{"", "sepia", "light@3x", "../sprite", ".gitkeep"} {
		if _, ok := sprite.Index(name); ok {
			t.Errorf("%q has an index", name)
		}
		if _, ok := sprite.Picture(name); ok {
			t.Errorf("%q has a picture", name)
		}
	}
}
