package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// rank orders the ways in which a column can mean an attribute; the smallest wins.
type rank uint8

const (
	byMap    rank = iota + 1 // the caller said so
	byName                   // the names are equal
	byFolded                 // the names are equal under data.FoldName, or the attribute had the name before
	byRole                   // the column is called after a role that the attribute plays
	byCut                    // the column is called as the format cuts the name of the attribute
)

// target is what a column means. The zero target is no attribute.
type target struct {
	attribute int
	rank      rank
	ignored   bool
}

// use reports whether values of the column are wanted.
func (t target) use() bool { return t.rank != 0 && !t.ignored }

// columns finds the attributes of columns and keeps account of them.
type columns struct {
	layer  *data.Layer
	mapped map[string]int // folded column name → attribute
	cut    map[string]int // folded name as the format cuts it → attribute
	ignore map[string]bool
	known  map[string]target
	names  []string        // columns in order of first appearance
	own    map[string]bool // columns with a use of their own, which need no attribute
}

// use notes that a column has a use of its own.
func (c *columns) use(name string) { c.own[name] = true }

func newColumns(o Options) (*columns, error) {
	c := &columns{
		layer: o.Layer, mapped: map[string]int{}, ignore: map[string]bool{}, known: map[string]target{}, own: map[string]bool{},
	}
	for column, attribute := range o.Map {
		i := c.layer.FindAttribute(attribute)
		if i < 0 {
			return nil, fmt.Errorf("column %q is mapped to %q, which is no attribute of layer %s; its attributes are %s",
				column, attribute, o.Layer.Name, strings.Join(o.Layer.AttributeNames(), ", "))
		}
		c.mapped[data.FoldName(column)] = i
	}
	for _, name := range o.Ignore {
		c.ignore[data.FoldName(name)] = true
	}
	return c, nil
}

// find is what a column means, taken by itself: another column may mean the same attribute with a better rank.
func (c *columns) find(name string) target {
	if t, ok := c.known[name]; ok {
		return t
	}
	t := c.match(name)
	t.ignored = c.ignore[data.FoldName(name)] || t.rank != 0 && c.ignore[data.FoldName(c.layer.Attributes[t.attribute].Name)]
	c.known[name] = t
	c.names = append(c.names, name)
	return t
}

func (c *columns) match(name string) target {
	if i, ok := c.mapped[data.FoldName(name)]; ok {
		return target{attribute: i, rank: byMap}
	}
	if i := c.layer.AttributeIndex(name); i >= 0 {
		return target{attribute: i, rank: byName}
	}
	if i := c.layer.FindAttribute(name); i >= 0 {
		return target{attribute: i, rank: byFolded}
	}
	if i := c.layer.MatchAttribute(name); i >= 0 {
		return target{attribute: i, rank: byRole}
	}
	if i, ok := c.cut[data.FoldName(name)]; ok {
		return target{attribute: i, rank: byCut}
	}
	return target{}
}

// settle decides which column serves each attribute of a table, where all columns are known at the start.
func (c *columns) settle(header []string) ([]target, error) {
	targets := make([]target, len(header))
	best := map[int]int{}
	for i, name := range header {
		t := c.find(name)
		targets[i] = t
		if t.rank == 0 {
			continue
		}
		j, taken := best[t.attribute]
		switch {
		case !taken || t.rank < targets[j].rank:
			best[t.attribute] = i
		case t.rank == targets[j].rank && !t.ignored && !targets[j].ignored:
			return nil, fmt.Errorf("columns %q and %q both mean attribute %s; ignore one of them",
				header[j], name, c.layer.Attributes[t.attribute].Name)
		}
	}
	for i, name := range header {
		if t := targets[i]; t.rank != 0 && best[t.attribute] != i {
			targets[i] = target{ignored: t.ignored}
			c.known[name] = targets[i]
		}
	}
	missing := func(name string) bool {
		return !slices.ContainsFunc(header, func(h string) bool { return data.FoldName(h) == name })
	}
	for _, name := range slices.Sorted(maps.Keys(c.mapped)) {
		if missing(name) {
			return nil, fmt.Errorf("there is no column %q; the columns are %s", name, strings.Join(header, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.ignore)) {
		if missing(name) && c.layer.FindAttribute(name) < 0 {
			return nil, fmt.Errorf("%q is to be ignored, but there is no such column; the columns are %s", name, strings.Join(header, ", "))
		}
	}
	return targets, nil
}

// report tells the caller what became of the columns.
func (b *builder) report() {
	if b.Report == nil {
		return
	}
	r, c := b.Report, b.columns
	r.Matched = map[string]string{}
	supplied := make([]bool, len(c.layer.Attributes))
	for _, name := range c.names {
		if name == "" {
			continue
		}
		switch t := c.known[name]; {
		case t.rank == 0 && c.own[name]:
		case t.ignored:
			r.Ignored = append(r.Ignored, name)
		case t.rank == 0:
			r.Unmatched = append(r.Unmatched, name)
		default:
			r.Matched[name] = c.layer.Attributes[t.attribute].Name
			supplied[t.attribute] = true
		}
	}
	for i, a := range c.layer.Live() {
		if !supplied[i] && i != b.idAttribute {
			r.Missing = append(r.Missing, a.Name)
		}
	}
}
