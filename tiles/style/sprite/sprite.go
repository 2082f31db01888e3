// Package sprite is the sheets of map symbols as MapLibre asks for them: one picture and its index for each theme and
// pixel ratio. They are drawn from the SVG of package symbol by its test (go generate) and embedded.
package sprite

//go:generate go test -run ^TestSheetsAreUpToDate$ -update .

import "embed"

//go:embed sheets/*
var sheets embed.FS

// Ratios are the pixel ratios for which there are sheets, and what their names end with.
var Ratios = []struct {
	Ratio  int
	Suffix string
}{{1, ""}, {2, "@2x"}}

// Index is the JSON index of a sheet, such as "dark@2x"; ok is false when there is none of that name.
func Index(sheet string) (index []byte, ok bool) { return read(sheet + ".json") }

// Picture is the PNG of a sheet.
func Picture(sheet string) (png []byte, ok bool) { return read(sheet + ".png") }

func read(name string) ([]byte, bool) {
	b, err := sheets.ReadFile("sheets/" + name)
	return b, err == nil
}
