package symbol

import (
	"fmt"
	"strings"
)

// Themes are the themes of maps, in the order in which they are offered.
var Themes = []string{"light", "dark", "print"}

// Palette is the colours of symbols in one theme, as #rrggbb.
type Palette struct {
	// Plate is the disc under a drawing.
	Plate string
	// inks are the colours of drawing and rim by family. Each has a contrast of at least 4.5 to the plate.
	inks map[string]string
}

// Ink is the colour of a family; families without one of their own have that of parts.
func (p *Palette) Ink(family string) string {
	if ink, ok := p.inks[family]; ok {
		return ink
	}
	return p.inks[Generic]
}

var palettes = map[string]*Palette{
	"light": {Plate: "#ffffff", inks: map[string]string{
		Generic: "#44566a", "utility": "#1a5f9e", "traffic": "#4d48a8", "sanitation": "#8a5600", "greenery": "#1c7440",
		"other": "#86348c", "facility": "#a5352a",
	}},
	"dark": {Plate: "#182432", inks: map[string]string{
		Generic: "#b9c8d8", "utility": "#7fc1ff", "traffic": "#b6b2ff", "sanitation": "#f0b95c", "greenery": "#6fd89b",
		"other": "#e3a5ea", "facility": "#ff9d8c",
	}},
	// Printers of offices are black and white.
	"print": {Plate: "#ffffff", inks: map[string]string{Generic: "#000000"}},
}

// In is the palette of a theme, one of [Themes].
func In(theme string) (*Palette, bool) {
	p, ok := palettes[theme]
	return p, ok
}

// Radius is that of the plate, Rim the width of the line around it and Scale the size of the drawing on it.
const (
	Radius = 11.3
	Rim    = 1.2
	Scale  = 0.86
)

// Draw is the symbol as it is on the map of a theme: the drawing on its plate.
func (s Symbol) Draw(p *Palette) string {
	inner := s.SVG[strings.Index(s.SVG, ">")+1 : strings.LastIndex(s.SVG, "</svg>")]
	ink := p.Ink(s.Family)
	shift := Size / 2.0 * (1 - Scale)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">
  <circle cx="12" cy="12" r="%g" fill="%s" stroke="%s" stroke-width="%g"/>
  <g color="%s" fill="none" stroke="%s" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" transform="translate(%.2f %.2f) scale(%g)">%s</g>
</svg>
`, Size, Size, Size, Size, Radius, p.Plate, ink, Rim, ink, ink, shift, shift, Scale, inner)
}
