package raster

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"

	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// Place is where a symbol lies in a sheet, as MapLibre's sprite index says it, in pixels of the sheet.
type Place struct {
	X          int `json:"x"`
	Y          int `json:"y"`
	Width      int `json:"width"`
	Height     int `json:"height"`
	PixelRatio int `json:"pixelRatio"`
}

const (
	columns = 10
	// gap keeps the neighbour out of what a graphics card smooths, in CSS pixels.
	gap = 1
)

// Sheet draws all symbols in a theme, ratio pixels to the CSS pixel.
func Sheet(theme string, ratio int) (*image.NRGBA, map[string]Place, error) {
	palette, ok := symbol.In(theme)
	if !ok {
		return nil, nil, fmt.Errorf("no theme %q", theme)
	}
	all := symbol.All()
	step := (symbol.Size + gap) * ratio
	rows := (len(all) + columns - 1) / columns
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*step, rows*step))
	places := map[string]Place{}
	for i, s := range all {
		d, err := parse(s.SVG)
		if err != nil {
			return nil, nil, fmt.Errorf("symbol %s: %w", s.Name, err)
		}
		plate, ink := parseColor(palette.Plate), parseColor(palette.Ink(s.Family))
		at := Place{X: i % columns * step, Y: i / columns * step, Width: symbol.Size * ratio, Height: symbol.Size * ratio, PixelRatio: ratio}
		for y := range at.Height {
			for x := range at.Width {
				p := point{(float64(x) + 0.5) / float64(ratio), (float64(y) + 0.5) / float64(ratio)}
				sheet.SetNRGBA(at.X+x, at.Y+y, d.pixel(p, 1/float64(ratio), plate, ink))
			}
		}
		places[s.Name] = at
	}
	return sheet, places, nil
}

// Index is the JSON of a sheet's places, sorted by name.
func Index(places map[string]Place) ([]byte, error) {
	b, err := json.MarshalIndent(places, "", " ")
	return append(b, '\n'), err
}

// pixel is the colour at p: the drawing and the rim on the plate.
func (d *drawing) pixel(p point, size float64, plate, ink [3]float64) color.NRGBA {
	const middle = symbol.Size / 2.0
	out := math.Hypot(p.x-middle, p.y-middle) - symbol.Radius
	disc := within(out-symbol.Rim/2, size)
	if disc == 0 {
		return color.NRGBA{}
	}
	drawn := d.cover(point{middle + (p.x-middle)/symbol.Scale, middle + (p.y-middle)/symbol.Scale}, size/symbol.Scale)
	drawn = max(drawn, within(math.Abs(out)-symbol.Rim/2, size)/disc)
	mix := func(i int) uint8 { return uint8(math.Round(plate[i] + (ink[i]-plate[i])*min(1, drawn))) }
	return color.NRGBA{R: mix(0), G: mix(1), B: mix(2), A: uint8(math.Round(255 * disc))}
}

// parseColor reads #rrggbb; the palette has no other.
func parseColor(s string) (c [3]float64) {
	for i := range c {
		n, err := strconv.ParseUint(s[1+2*i:3+2*i], 16, 8)
		if err != nil {
			panic("raster: colour " + s) // a constant of the palette
		}
		c[i] = float64(n)
	}
	return c
}
