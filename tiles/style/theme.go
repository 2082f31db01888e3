package style

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gewu-city/gewu/data"
)

// theme is the colours of a map.
type theme struct {
	titles data.Title
	// print marks a theme for paper: nothing shines through anything, and widths are millimetres at every zoom level.
	print bool
	// beyond is the ground outside the city, paper the ground inside.
	beyond, paper string
	// borders are the outlines of areas, coarse to fine.
	borders []string
	// grid is the magenta (品红) of cell outlines in the city management standards.
	grid                  string
	building, buildingRim string
	road, roadRim         string
	address               string
	// accent marks what is hovered over or selected.
	accent string
	// text is for names, faint for numbers and codes, halo surrounds both.
	text, faint, halo string
	// generic colours are given to the layers without a special look, in order.
	generic []string
	// rim surrounds circles.
	rim string
}

// Lines and points have a contrast of at least 3 to the paper and names of 4.5 to their halo (WCAG 2.1, 1.4.11 and
// 1.4.3); fills of buildings and roads lie back.
var themes = map[string]*theme{
	"light": {
		titles: data.Title{"zh": "浅色", "en": "light"},
		beyond: "#e6ebf0", paper: "#fafbfc",
		borders: []string{"#4f647b", "#687d93", "#7f90a3"},
		grid:    "#d6006c", building: "#dde3ea", buildingRim: "#c3ccd6",
		road: "#ffffff", roadRim: "#8494a5", address: "#60758b",
		accent: "#1d63b8", text: "#26323f", faint: "#566676", halo: "#ffffff",
		generic: []string{"#2f8f57", "#b96a08", "#2a76b5", "#7656b8", "#158a8a", "#bb4a36", "#8a7420", "#9a4d86"},
		rim:     "#ffffff",
	},
	"dark": {
		titles: data.Title{"zh": "深色", "en": "dark"},
		beyond: "#0b121b", paper: "#141e2b",
		borders: []string{"#9db3ca", "#7890a9", "#647b93"},
		grid:    "#f0419a", building: "#202d3d", buildingRim: "#2f4055",
		road: "#34465b", roadRim: "#64798f", address: "#8fa5bc",
		accent: "#63b0ff", text: "#dbe5f0", faint: "#9db0c4", halo: "#0f1722",
		generic: []string{"#5cc48a", "#f0a84a", "#63aee6", "#a892e6", "#4cc3c3", "#e58672", "#cdb85c", "#d28bbf"},
		rim:     "#0f1722",
	},
	"print": {
		titles: data.Title{"zh": "印刷", "en": "print"}, print: true,
		beyond: "#ffffff", paper: "#ffffff",
		borders: []string{"#000000", "#3d3d3d", "#6b6b6b"},
		grid:    "#d0006f", building: "#e4e4e4", buildingRim: "#8c8c8c",
		road: "#ffffff", roadRim: "#6b6b6b", address: "#3d3d3d",
		accent: "#0b4f9e", text: "#000000", faint: "#333333", halo: "#ffffff",
		generic: []string{"#000000", "#1f4e79", "#6b4300", "#1d5c33", "#5a2a6b", "#7a1f1f", "#00585c", "#4a4a4a"},
		rim:     "#ffffff",
	},
}

// fonts are those of Linux, macOS and Windows with Chinese characters; without glyphs in the style they are CSS
// names.
var fonts = []string{"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"}

// size is a measure that follows the zoom level on a screen, and that many millimetres on paper. more is what being
// selected and being under the pointer add, in pixels.
func (c *theme) size(mm float64, more [2]float64, base float64, stops ...stop) expr {
	with := func(w float64) expr { return byState(round(w+more[0]), round(w+more[1]), round(w)) }
	if c.print {
		// A CSS pixel is 1/96 inch.
		return with(mm * 96 / 25.4)
	}
	for i, s := range stops {
		stops[i].value = with(s.value.(float64))
	}
	return byZoom(base, stops...)
}

// opacity is a value between 0 and 1 on a screen; on paper what is there hides what lies below.
func (c *theme) opacity(screen any) any {
	if c.print {
		return 1
	}
	return screen
}

// round keeps two decimals: computed sizes are written as people would.
func round(w float64) float64 { return math.Round(w*100) / 100 }

// blend is share of the colour over, the rest of under, both #rrggbb.
func blend(over, under string, share float64) string {
	var c [3]uint8
	for i := range c {
		a, b := channel(over[1+2*i:3+2*i]), channel(under[1+2*i:3+2*i])
		c[i] = uint8(math.Round(b + (a-b)*share))
	}
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}

func channel(hex string) float64 {
	n, err := strconv.ParseUint(hex, 16, 8)
	if err != nil {
		panic("style: colour " + hex) // a constant of the themes
	}
	return float64(n)
}
