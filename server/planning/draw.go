package planning

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"slices"

	"github.com/paulmach/orb/geojson"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geo/geodesy"
	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/grid/bounds"
	"github.com/gewu-city/gewu/grid/survey"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// drawn is the ground that a text of four sides says.
type drawn struct {
	Type     string    `json:"type"`
	Features []feature `json:"features"`
	Scheme   string    `json:"scheme"`
	// Sides are the names as they were read, in the order east, south, west, north.
	Sides [4]sideNames `json:"sides"`
	Seq   data.Seq     `json:"seq"`
	city.Shown
}

type sideNames struct {
	Side  string   `json:"side"`
	Names []string `json:"names"`
}

type feature struct {
	Type       string            `json:"type"`
	Geometry   *geojson.Geometry `json:"geometry"`
	Properties properties        `json:"properties"`
}

type properties struct {
	AreaM2 float64 `json:"area_m2"`
	// Follows is the share of the border that follows what is named.
	Follows float64  `json:"follows"`
	Joined  []joined `json:"joined"`
	Cells   []within `json:"cells"`
}

// joined is a straight stretch of border between lines that end short of each other.
type joined struct {
	Sides   [2]string     `json:"sides"`
	LengthM float64       `json:"length_m"`
	Line    [2][2]float64 `json:"line"`
}

// within is a cell of the scheme that has some of the ground.
type within struct {
	Code string `json:"code"`
	// OfGround and OfCell are the shares of both that they have in common.
	OfGround float64 `json:"of_ground"`
	OfCell   float64 `json:"of_cell"`
}

// maxDrawBody bounds a body with a text.
const maxDrawBody = 16 << 10

// Draw finds the ground that a text says by its four sides: POST /v1/schemes/{scheme}/draw.
func (a *API) Draw(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.Ask(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	scheme, err := a.scheme(world.World, schemeOf(r))
	if err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, maxDrawBody, "application/json")
	if err != nil {
		return err
	}
	var asked struct {
		Text string `json:"text"`
	}
	if err := rest.DecodeJSON(body, &asked); err != nil {
		return err
	}
	sides, err := bounds.Parse(asked.Text)
	if wrong, ok := errors.AsType[*bounds.TextError](err); ok {
		return rest.Fault(rest.BadRequest, "text", asked.Text[min(wrong.At, len(asked.Text)):], "cannot be read: "+wrong.What)
	}
	found, err := bounds.Draw(sides, survey.WaysOf(world.World))
	if err != nil {
		return notDrawn(err)
	}
	out := drawn{Type: "FeatureCollection", Features: make([]feature, len(found)), Scheme: scheme.Name, Seq: world.Seq(), Shown: world.Shown}
	for i := range sides {
		out.Sides[i] = sideNames{bounds.Side(i).String(), append([]string{}, sides[i]...)}
	}
	for i := range found {
		out.Features[i] = featureOf(world.World, scheme, &found[i])
	}
	world.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

// notDrawn says why there is no ground.
func notDrawn(err error) error {
	if unknown, ok := errors.AsType[*bounds.UnknownError](err); ok {
		return rest.Fault(rest.Invalid, "text", unknown.Names[0].Name, "names what this city does not have: "+err.Error()).Because(err)
	}
	return rest.Fault(rest.Invalid, "text", "", "says no ground: "+err.Error()).Because(err)
}

func featureOf(world *index.World, scheme grid.Scheme, g *bounds.Ground) feature {
	p := properties{AreaM2: math.Round(100*geodesy.AreaM2(g.Shape)) / 100, Follows: share(g.Follows), Joined: []joined{}, Cells: cellsOf(world, scheme, g.Shape)}
	for _, j := range g.Joined {
		p.Joined = append(p.Joined, joined{
			[2]string{j.Sides[0].String(), j.Sides[1].String()},
			math.Round(100*j.Metres) / 100,
			[2][2]float64{{j.Ends[0].Lon(), j.Ends[0].Lat()}, {j.Ends[1].Lon(), j.Ends[1].Lat()}},
		})
	}
	return feature{"Feature", geojson.NewGeometry(g.Shape.Orb()), p}
}

// cellsOf are the cells that have some of a piece of ground, those that have most of it first.
func cellsOf(world *index.World, scheme grid.Scheme, ground geo.Shape) []within {
	out := []within{}
	cells, ok := world.Layer(scheme.Cells.Layer)
	if !ok {
		return out
	}
	total := ground.Area()
	cells.Search(ground.Box(), func(slot index.Slot) bool {
		common := geo.OverlapArea(ground, cells.Shape(slot))
		c := within{scheme.CodeOf(cells, slot), share(common / total), share(common / cells.Shape(slot).Area())}
		if c.OfGround > 0 || c.OfCell > 0 {
			out = append(out, c)
		}
		return true
	})
	slices.SortFunc(out, func(a, b within) int { return cmp.Or(cmp.Compare(b.OfGround, a.OfGround), cmp.Compare(a.Code, b.Code)) })
	return out
}

// share rounds a share to thousandths.
func share(v float64) float64 { return math.Round(1000*v) / 1000 }
