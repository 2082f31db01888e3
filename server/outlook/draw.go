package outlook

import (
	"context"
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/impact"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/index/sketch"
)

// Layers of the tileset of changes beside the cells.
const (
	// Ended are the cells that end, as they were.
	Ended = "ended"
	// Borders are the lines that are given up, and those that are new.
	Borders = "borders"
	// Objects are doors, parts and whatever else planning counts that come to another cell.
	Objects = "objects"
)

// What becomes of a cell, beside the kinds of package impact.
const (
	// Kept cells stay as they are.
	Kept = "kept"
	// Recoded cells have the ground of one that ends: only the code is another.
	Recoded = "recoded"
)

// mostObjects bounds the objects of a picture. Where more change their cells, as when all codes are given anew, they are taken
// evenly.
const mostObjects = 200_000

// checkEvery is how many objects are located between two looks at the context.
const checkEvery = 1 << 12

// objectsFrom is the zoom level from which on objects are drawn: below there is no room for them.
const objectsFrom = 12

func attribute(name string, t data.Type, zh, en string) data.Attribute {
	return data.Attribute{Name: name, Type: t, Title: data.Title{"zh": zh, "en": en}}
}

func code(s string) data.Value { return data.TextValue(data.Code, s) }

// optional is null for no text.
func optional(s string) data.Value {
	if s == "" {
		return data.Value{}
	}
	return code(s)
}

func draw(ctx context.Context, tileset, name string, proposal *survey.Proposal, locator *grid.Locator) (*Picture, error) {
	if tileset == Drawn {
		return drawCells(ctx, name, proposal)
	}
	return drawChanges(ctx, name, proposal, locator)
}

// cellsOf is a layer of cells: as cells of a scheme they share their borders in tiles.
func cellsOf(name, scheme, zh, en string, attributes ...data.Attribute) sketch.Layer {
	return sketch.Layer{Def: &data.Layer{
		Name: name, Title: data.Title{"zh": zh, "en": en}, Geometry: data.GeometryPolygon,
		Roles: data.Roles{Cell: &data.CellRole{Scheme: scheme, Code: attributes[0].Name}}, Attributes: attributes,
	}}
}

// unique are ids of features: the codes, and where several polygons have one, with their numbers.
type unique map[string]int

func (u unique) id(code string) string {
	u[code]++
	if n := u[code]; n > 1 {
		return code + " " + strconv.Itoa(n)
	}
	return code
}

func drawCells(ctx context.Context, name string, proposal *survey.Proposal) (*Picture, error) {
	l := cellsOf(Drawn, proposal.Scheme, "草案网格", "Cells of the draft",
		attribute("code", data.Code, "编码", "Code"), attribute("community", data.Code, "社区", "Area above"),
		attribute("locked", data.Bool, "锁定", "Locked"), attribute("area_m2", data.Number, "面积（平方米）", "Area in m²"))
	ids := unique{}
	for _, c := range proposal.Drawn {
		l.Features = append(l.Features, data.Feature{ID: ids.id(c.Code), Shape: c.Shape, Values: []data.Value{
			code(c.Code), optional(c.Parent), data.BoolValue(proposal.Locked(c.Code)), data.NumberValue(c.Shape.Area()),
		}})
	}
	w, err := sketch.World(ctx, name, l)
	return &Picture{World: w, Layers: []string{Drawn}}, err
}

func drawChanges(ctx context.Context, name string, proposal *survey.Proposal, locator *grid.Locator) (*Picture, error) {
	before, after := proposal.Cells(locator)
	change := impact.Compare(before, after)
	cells, ended := changedCells(proposal.Scheme, change, before, after)
	objects, moved, err := movedObjects(ctx, change, survey.Layers(proposal.World), mostObjects)
	if err != nil {
		return nil, err
	}
	p := &Picture{Layers: []string{Drawn, Ended, Borders, Objects}, Moved: moved, Shown: len(objects.Features)}
	p.World, err = sketch.World(ctx, name, cells, ended, movedBorders(change), objects)
	return p, err
}

// changedCells are the cells of after with what became of them, and those of before that end.
func changedCells(scheme string, change *impact.Change, before, after []impact.Cell) (cells, ended sketch.Layer) {
	cells = cellsOf(Drawn, scheme, "网格变化", "Cells by what becomes of them",
		attribute("code", data.Code, "编码", "Code"), attribute("change", data.Code, "变化", "Change"), attribute("code_before", data.Code, "原编码", "Code before"),
		attribute("parent", data.Code, "社区", "Area above"), attribute("parent_before", data.Code, "原社区", "Area above before"))
	ended = cellsOf(Ended, scheme, "撤销的网格", "Cells that end",
		attribute("code", data.Code, "编码", "Code"), attribute("code_after", data.Code, "新编码", "Code after"), attribute("parent", data.Code, "社区", "Area above"))
	rows := map[string]impact.Row{}
	for _, r := range change.Rows() {
		rows[r.Code] = r
	}
	was, is := recoded(rows, before, after)
	ids := unique{}
	for i, c := range after {
		if c.Shape.Kind() != geo.KindPolygon {
			continue
		}
		row, changes := rows[c.Code]
		kind, old := Kept, ""
		if changes {
			kind = string(row.Change)
		}
		if k, ok := was[i]; ok {
			kind, old = Recoded, before[k].Code
		}
		cells.Features = append(cells.Features, data.Feature{ID: ids.id(c.Code), Shape: c.Shape, Values: []data.Value{
			code(c.Code), code(kind), optional(old), optional(c.Parent), optional(row.ParentBefore),
		}})
	}
	ids = unique{}
	for k, c := range before {
		if c.Shape.Kind() != geo.KindPolygon || rows[c.Code].Change != impact.Ended {
			continue
		}
		now := ""
		if i, ok := is[k]; ok {
			now = after[i].Code
		}
		ended.Features = append(ended.Features, data.Feature{ID: ids.id(c.Code), Shape: c.Shape, Values: []data.Value{code(c.Code), optional(now), optional(c.Parent)}})
	}
	return cells, ended
}

// recoded pairs the cells of after that are new with those of before that end and had the same ground.
func recoded(rows map[string]impact.Row, before, after []impact.Cell) (was, is map[int]int) {
	was, is = map[int]int{}, map[int]int{}
	ends := map[geo.Box][]int{}
	for k, c := range before {
		if c.Shape.Kind() == geo.KindPolygon && rows[c.Code].Change == impact.Ended {
			ends[c.Shape.Box()] = append(ends[c.Shape.Box()], k)
		}
	}
	for i, c := range after {
		if c.Shape.Kind() != geo.KindPolygon || rows[c.Code].Change != impact.Added {
			continue
		}
		for _, k := range ends[c.Shape.Box()] {
			if _, taken := is[k]; !taken && impact.SameGround(before[k].Shape, c.Shape) {
				was[i], is[k] = k, i
				break
			}
		}
	}
	return was, is
}

func movedBorders(change *impact.Change) sketch.Layer {
	l := sketch.Layer{Def: &data.Layer{
		Name: Borders, Title: data.Title{"zh": "变动的边界", "en": "Borders that moved"}, Geometry: data.GeometryLine,
		Attributes: []data.Attribute{
			attribute("change", data.Code, "变化", "Change"), attribute("left", data.Code, "左侧网格", "Cell on the left"),
			attribute("right", data.Code, "右侧网格", "Cell on the right"), attribute("length_m", data.Number, "长度（米）", "Length in m"),
		},
	}}
	for i, b := range change.Borders() {
		shape, err := geo.NewShape(geo.KindLine, b.Line, []uint32{uint32(len(b.Line))}, nil)
		if err != nil {
			continue // a line within one unit is nothing to see
		}
		l.Features = append(l.Features, data.Feature{ID: strconv.Itoa(i), Shape: shape, Values: []data.Value{
			code(b.Change()), optional(b.Left), optional(b.Right), data.NumberValue(b.LengthM),
		}})
	}
	return l
}

func movedObjects(ctx context.Context, change *impact.Change, layers []survey.Objects, most int) (l sketch.Layer, moved int, err error) {
	l = sketch.Layer{Def: &data.Layer{
		Name: Objects, Title: data.Title{"zh": "改属网格的对象", "en": "Objects that come to another cell"}, Geometry: data.GeometryPoint, Zoom: data.ZoomRange{Min: objectsFrom},
		Attributes: []data.Attribute{
			attribute("layer", data.Code, "图层", "Layer"), attribute("object", data.Code, "对象", "Object"),
			attribute("from", data.Code, "原网格", "Cell before"), attribute("to", data.Code, "新网格", "Cell after"),
		},
	}}
	// Every so manyth object is taken; the step doubles when there is no more room.
	step := 1
	for _, o := range layers {
		name := o.Def().Name
		for m := range o.Moves(change) {
			if moved++; moved%checkEvery == 0 && ctx.Err() != nil {
				return l, moved, ctx.Err()
			}
			if (moved-1)%step != 0 {
				continue
			}
			if len(l.Features) == most {
				half := l.Features[:0]
				for i := 0; i < len(l.Features); i += 2 {
					half = append(half, l.Features[i])
				}
				l.Features = half
				if step *= 2; (moved-1)%step != 0 {
					continue
				}
			}
			id := o.ID(m.Slot)
			l.Features = append(l.Features, data.Feature{ID: name + "/" + id, Shape: geo.PointShape(m.At), Values: []data.Value{
				code(name), code(id), optional(m.From), optional(m.To),
			}})
		}
	}
	return l, moved, nil
}
