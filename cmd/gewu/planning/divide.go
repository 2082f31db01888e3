package planning

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/grid/divide"
)

// Divide draws grids.
type Divide struct {
	Communities string   `help:"Areas that no grid crosses: a file in any format of gewu import, or layer:NAME for a layer of the city." placeholder:"SOURCE" group:"Ground"`
	Community   string   `help:"Column with the code of a community. Default: its id." placeholder:"COL" group:"Ground"`
	Kind        string   `help:"Column with the kind of a community, for the goals of its kind." placeholder:"COL" group:"Ground"`
	Lines       []string `help:"Lines to cut along; =water, =main, =street or =alley behind a source says what they are: cuts follow water and main roads and avoid alleys." placeholder:"SOURCE[=CLASS]" sep:"none" group:"Ground"`
	Rings       []string `help:"Polygons to cut along: water, parcels, estates." placeholder:"SOURCE[=CLASS]" sep:"none" group:"Ground"`
	Secondary   []string `help:"Lines that cut only blocks above the limit: alleys, walls." placeholder:"SOURCE[=CLASS]" sep:"none" group:"Ground"`
	LineClass   string   `help:"Column with the class of a line; the words of OSM tags are understood." placeholder:"COL" group:"Ground"`
	Blocks      string   `help:"Blocks that are not cut, instead of lines; they belong to the community around them." placeholder:"SOURCE" group:"Ground"`
	BlockIn     string   `help:"Column with the code of the community of a block; --communities is not needed then." placeholder:"COL" group:"Ground"`
	Footprints  []string `help:"Buildings and polygons of parts: no cut runs through them." placeholder:"SOURCE" sep:"none" group:"Ground"`

	Addresses  []string `help:"Points with households." placeholder:"SOURCE" sep:"none" group:"Weights"`
	Households string   `help:"Column with the households of an address, or of a block when there are no addresses. Without it each address is one." placeholder:"COL" group:"Weights"`
	Workload   string   `help:"Column with the work that an address, or a block, makes." placeholder:"COL" group:"Weights"`
	Building   string   `help:"Column with the building of an address: one above the limit stays whole, and its duty is split by entrances." placeholder:"COL" group:"Weights"`
	Entrance   string   `help:"Column with the entrance or unit." placeholder:"COL" group:"Weights"`
	Cases      []string `help:"Points of cases or parts: each is one unit of work." placeholder:"SOURCE" sep:"none" group:"Weights"`
	Lon        string   `help:"Column of the longitude of points in tables." placeholder:"COL" group:"Weights"`
	Lat        string   `help:"Column of the latitude." placeholder:"COL" group:"Weights"`

	Measure string  `help:"What the target is about: households, workload or area (m²)." default:"households" enum:"households,workload,area" group:"Goals"`
	Target  float64 `help:"What a grid should have." placeholder:"N" group:"Goals"`
	Min     float64 `help:"What it must have." placeholder:"N" group:"Goals"`
	Max     float64 `help:"What it must not exceed." placeholder:"N" group:"Goals"`
	Goals   string  `help:"TOML file with goals by measure and by kind of community." placeholder:"FILE" type:"path" group:"Goals"`

	Present     string   `help:"The present plan: grids that keep their codes where half of them stays. The first alternative changes as little as it can." placeholder:"SOURCE" group:"Present plan"`
	PresentCode string   `help:"Column with the code of a grid. Default: its id." placeholder:"COL" group:"Present plan"`
	Drawn       string   `help:"Column with the households that a grid was drawn for." placeholder:"COL" group:"Present plan"`
	Lock        []string `help:"Codes of grids that stay as they are." placeholder:"CODE,…" group:"Present plan"`

	Seed         uint64 `help:"Begins the random choices: the same seed draws the same grids." default:"1"`
	Alternatives int    `help:"How many ways are drawn, 1 to 9." default:"3"`
	Fix          string `help:"What happens where communities or blocks overlap or leave gaps: longest_border gives such ground to the neighbour with the longest common border. Invalid rings are repaired then, too." enum:"none,longest_border" default:"none"`
	Out          string `help:"GeoJSON file to write; {n} in the name is the number of an alternative, and all are written. - is standard output." placeholder:"FILE" short:"o"`
	Pick         int    `help:"Which alternative is written to a name without {n}." default:"1"`
	Outlines     string `help:"GeoJSON file to write with the outlines of the communities, which have the vertices where cuts end on them: grid check --outline takes it." placeholder:"FILE"`
	Draft        string `help:"Make a draft with this title in the city: the picked alternative takes the place of the cells of --scheme. Grids that continue a present one keep its code, others get theirs when the draft is checked." placeholder:"TITLE"`
	Scheme       string `help:"Scheme of the draft." default:"unit" placeholder:"NAME"`
	Partial      bool   `help:"The draft replaces only the cells of these communities; others stay as they are."`
	By           string `help:"Who draws it, where the city knows nobody by an account." placeholder:"NAME"`
	CRS          string `help:"Coordinate system of the files. Default: longitude and latitude, or what a file states." name:"crs" placeholder:"CRS"`
	Encoding     string `help:"Encoding of text, such as gb18030. Default: what a file says, else UTF-8, else a guess." placeholder:"NAME"`
	JSON         bool   `help:"Print metrics, reasons and outgrown grids as JSON." name:"json"`
	Quiet        bool   `help:"No progress bar." short:"q"`
}

// Help is the text of gewu grid divide --help.
func (d *Divide) Help() string {
	return `Communities are cut along lines into blocks, and blocks are joined to grids within their community:

  gewu grid divide --communities layer:villages --lines streets.geojson=street --addresses doors.csv \
    --target 300 --min 200 --max 500 --outlines outlines.geojson -o grids-{n}.geojson
  gewu grid check --in grids-1.geojson --outline outlines.geojson

No grid crosses a community, none is in two pieces, no cut runs through a footprint, locked grids stay as they are. A grid
outside of the limits says why. The table compares the alternatives.`
}

// Validate is called by the parser of the command line.
func (d *Divide) Validate() error {
	stdins := 0
	for _, s := range d.sources() {
		if s == "-" {
			stdins++
		}
	}
	switch {
	case d.Communities == "" && d.Blocks == "":
		return errors.New("give --communities with --lines, or --blocks")
	case d.Blocks != "" && len(d.Lines)+len(d.Rings)+len(d.Secondary) > 0:
		return errors.New("--blocks are not cut: leave out --lines, --rings and --secondary, or --blocks")
	case d.Blocks == "" && len(d.Lines)+len(d.Rings) == 0:
		return errors.New("give --lines or --rings to cut along, or --blocks")
	case d.Blocks == "" && d.BlockIn != "":
		return errors.New("--block-in goes with --blocks")
	case d.Blocks != "" && d.Communities == "" && d.BlockIn == "":
		return errors.New("which community has a block? give --communities, or --block-in with a column of the blocks")
	case stdins > 1:
		return errors.New("only one source can be standard input")
	case d.Target == 0 && d.Goals == "":
		return errors.New("give --target, or --goals FILE")
	case d.Target == 0 && (d.Min != 0 || d.Max != 0):
		return errors.New("--min and --max go with --target")
	case d.Present == "" && (d.PresentCode != "" || d.Drawn != "" || len(d.Lock) > 0):
		return errors.New("--present-code, --drawn and --lock go with --present")
	case d.Alternatives < 1 || d.Alternatives > divide.MaxAlternatives:
		return fmt.Errorf("--alternatives: 1 to %d", divide.MaxAlternatives)
	case d.Pick < 1 || d.Pick > d.Alternatives:
		return fmt.Errorf("--pick: there are %d alternatives", d.Alternatives)
	case d.Draft == "" && (d.Partial || d.By != ""):
		return errors.New("--partial and --by go with --draft")
	case d.Out == "-" && d.JSON:
		return errors.New("--json is printed where -o - writes; give a file")
	}
	return nil
}

func (d *Divide) sources() []string {
	out := []string{d.Communities, d.Blocks, d.Present}
	for _, list := range [...][]string{d.Lines, d.Rings, d.Secondary, d.Footprints, d.Addresses, d.Cases} {
		out = append(out, list...)
	}
	return out
}

// Run draws the grids.
func (d *Divide) Run(e *Env) error {
	in, err := d.input(e)
	if err != nil {
		return err
	}
	ground, err := divide.Prepare(e.Ctx, *in)
	if err != nil {
		return hint(err)
	}
	d.notes(e, ground)
	o := divide.Options{Seed: d.Seed, Alternatives: d.Alternatives}
	end := func() {}
	if !d.Quiet {
		var set func(int64)
		set, end = e.Count("divide", int64(d.Alternatives*ground.NumCommunities()))
		o.Progress = func(done, _ int) { set(int64(done)) }
	}
	all, err := ground.Divide(e.Ctx, o)
	end()
	if err != nil {
		return err
	}
	if err := d.write(e, ground, all); err != nil {
		return err
	}
	id := ""
	if d.Draft != "" {
		if id, err = d.draft(e, &all[d.Pick-1]); err != nil {
			return err
		}
		fmt.Fprintf(e.Stderr, "draft %s has alternative %d, %s\n", id, d.Pick, all[d.Pick-1].Name)
	}
	return d.tell(e, ground, all, id)
}

// hint adds which flag helps.
func hint(err error) error {
	if _, ok := errors.AsType[*divide.DefectsError](err); ok {
		return fmt.Errorf("%w (--fix longest_border); gewu grid check --in FILE lists them", err)
	}
	return err
}

// notes tells what was found while the ground was made.
func (d *Divide) notes(e *Env, g *divide.Ground) {
	fixed, vertices := 0, 0
	for _, f := range g.Defects {
		if f.Kind == check.MissingVertex {
			vertices++
		} else {
			fixed++
		}
	}
	for _, n := range [...]struct {
		n    int
		text string
	}{
		{fixed, "%d gaps, overlaps and invalid rings were mended by the rule"},
		{vertices, "%d vertices were added where borders of communities or blocks meet"},
		{g.Beyond, "%d pieces of lines lie outside of all communities"},
		{g.Outside, "addresses outside of all communities, which count nowhere: %d"},
		{g.Slivers, "%d slivers between lines go with the block that has the longest border with them"},
		{g.Closed, "%d borders run through footprints: what lies on both sides stays together"},
		{len(g.CutByCommunities), "%d footprints are cut by borders of communities"},
	} {
		if n.n > 0 {
			fmt.Fprintf(e.Stderr, n.text+"\n", n.n)
		}
	}
}

// input reads all sources.
func (d *Divide) input(e *Env) (*divide.Input, error) {
	in := &divide.Input{}
	if d.Fix != "none" {
		in.Rule, in.FixRings = coverage.Rule(d.Fix), true
	}
	if err := d.goals(in); err != nil {
		return nil, err
	}
	for _, step := range [...]func(*Env, *divide.Input) error{d.ground, d.cuts, d.weights, d.present} {
		if err := step(e, in); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// goals are those of the flags and of the file.
func (d *Divide) goals(in *divide.Input) error {
	if d.Goals != "" {
		if err := readGoals(d.Goals, in); err != nil {
			return fmt.Errorf("%s: %w", d.Goals, err)
		}
	}
	if d.Target != 0 {
		m, err := divide.ParseMeasure(d.Measure)
		if err != nil {
			return err
		}
		in.Limits[m].Target, in.Limits[m].Min, in.Limits[m].Max = d.Target, d.Min, d.Max
	}
	return nil
}

// finite refuses what is no number of things.
func finite(name string, v float64) (float64, error) {
	if !(v >= 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("column %s: %v is no number of things", name, v)
	}
	return v, nil
}

// around finds the community of a block by its place.
type around []divide.Community

func (a around) at(s geo.Shape) (string, bool) {
	p := geo.LabelPoint(s)
	for _, c := range a {
		if c.Shape.Box().Contains(p) && c.Shape.Contains(p) {
			return c.Code, true
		}
	}
	return "", false
}

// classOf is a class by its name or by the words of OSM tags; what is neither is another line.
func classOf(word string) divide.Class {
	switch strings.ToLower(word) {
	case "water", "river", "canal", "stream", "riverbank", "drain":
		return divide.Water
	case "main", "motorway", "trunk", "primary", "secondary":
		return divide.Main
	case "street", "tertiary", "residential", "unclassified", "road":
		return divide.Street
	case "alley", "service", "living_street", "footway", "path", "pedestrian", "steps", "lane":
		return divide.Alley
	default:
		return divide.Other
	}
}
