package style

import "github.com/gewu-city/gewu/data"

// theme is the colours of a map.
type theme struct {
	titles data.Title
	// beyond is the ground outside the city, paper the ground inside.
	beyond, paper string
	// borders are the outlines of areas, coarse to fine.
	borders []string
	// grid is the magenta of cell outlines in the city management standards.
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

var themes = map[string]*theme{
	"light": {
		titles: data.Title{"zh": "浅色", "en": "light"},
		beyond: "#e6ebf0", paper: "#fafbfc",
		borders: []string{"#5d7289", "#8598ac", "#a9b7c5"},
		grid:    "#d6006c", building: "#dde3ea", buildingRim: "#c3ccd6",
		road: "#ffffff", roadRim: "#bcc7d2", address: "#60758b",
		accent: "#1d63b8", text: "#26323f", faint: "#566676", halo: "#ffffff",
		generic: []string{"#2f8f57", "#c9760f", "#2a76b5", "#7656b8", "#158a8a", "#bb4a36", "#8a7420", "#9a4d86"},
		rim:     "#ffffff",
	},
	"dark": {
		titles: data.Title{"zh": "深色", "en": "dark"},
		beyond: "#0b121b", paper: "#141e2b",
		borders: []string{"#8ba3bd", "#5b728a", "#3f5267"},
		grid:    "#f0419a", building: "#202d3d", buildingRim: "#2f4055",
		road: "#34465b", roadRim: "#0f1722", address: "#8fa5bc",
		accent: "#63b0ff", text: "#dbe5f0", faint: "#9db0c4", halo: "#0f1722",
		generic: []string{"#5cc48a", "#f0a84a", "#63aee6", "#a892e6", "#4cc3c3", "#e58672", "#cdb85c", "#d28bbf"},
		rim:     "#0f1722",
	},
}

// fonts are those of Linux, macOS and Windows with Chinese characters; without glyphs in the style they are CSS
// names.
var fonts = []string{"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"}
