package tiletest

import (
	"fmt"
	"strconv"
	"strings"
)

// Text writes a tile for people to read and compare: a line for each layer, under it a line for each feature with
// its id, geometry and attributes.
func Text(t Tile) string {
	var b strings.Builder
	if len(t) == 0 {
		b.WriteString("empty tile\n")
	}
	for _, l := range t {
		fmt.Fprintf(&b, "layer %s version %d extent %d\n", l.Name, l.Version, l.Extent)
		for _, f := range l.Features {
			fmt.Fprintf(&b, "  %d %s", f.ID, f.Type)
			for i, p := range f.Parts {
				switch {
				case f.Type == "polygon" && p.Area2() < 0:
					b.WriteString(" hole")
				case i > 0:
					b.WriteString(" +")
				}
				for _, v := range p {
					fmt.Fprintf(&b, " %d,%d", v[0], v[1])
				}
			}
			b.WriteString("\n   ")
			for _, tag := range f.Tags {
				if s, ok := tag.Value.(string); ok {
					fmt.Fprintf(&b, " %s=%s", tag.Key, strconv.Quote(s))
				} else {
					fmt.Fprintf(&b, " %s=%v", tag.Key, tag.Value)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
