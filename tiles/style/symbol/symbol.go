// Package symbol is the map symbols of city parts: drawings of our own on a grid of 24 by 24, which class of the national
// standards has which, and the colours that a theme gives them.
package symbol

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"sync"

	"github.com/gewu-city/gewu/data"
)

// Size is the width and height of a drawing and of its symbol at zoom size 1, in CSS pixels.
const Size = 24

// Symbol is one drawing.
type Symbol struct {
	// Name is lower-case words joined by dashes: "street-tree".
	Name  string
	Title data.Title
	// Family is the major class that it belongs to; it gives the colour.
	Family string
	// SVG is the drawing in currentColor, without a plate.
	SVG string
}

// Generic is the symbol of what is known to be a part and nothing else.
const Generic = "part"

//go:embed symbols.tsv classes.tsv svg/*.svg
var files embed.FS

// All is every symbol in the order of the standard: the generic ones, then class by class. Callers must not change it.
func All() []Symbol { return symbols().list }

// Find is the symbol of a name.
func Find(name string) (Symbol, bool) {
	s := symbols()
	i, ok := s.places[name]
	if !ok {
		return Symbol{}, false
	}
	return s.list[i], true
}

type drawings struct {
	list   []Symbol
	places map[string]int
}

var symbols = sync.OnceValue(func() *drawings {
	c := &drawings{places: map[string]int{}}
	for _, row := range table("symbols.tsv") {
		drawing, err := files.ReadFile("svg/" + row[0] + ".svg")
		if err != nil {
			panic(fmt.Sprintf("symbol: %v", err)) // embedded beside the table
		}
		c.places[row[0]] = len(c.list)
		c.list = append(c.list, Symbol{
			Name: row[0], Title: data.Title{"zh": row[1], "en": row[2]}, Family: row[3], SVG: string(drawing),
		})
	}
	return c
})

// table is the rows of an embedded table without its heading.
func table(name string) [][]string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("symbol: %v", err)) // embedded
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = '\t'
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("symbol: %s: %v", name, err)) // embedded, and read by a test
	}
	return rows[1:]
}
