// Package synthetic makes synthetic cities: which one flags ask for, and its files.
package synthetic

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/synth"
	"github.com/gewu-city/gewu/sample"
)

// Flags change a preset; those that are not given leave it.
type Flags struct {
	Preset       string   `help:"What to start from; see the list above." default:"dongcheng-2004" placeholder:"NAME"`
	Seed         *uint64  `help:"Chooses one of many cities with the same measures. Default: 1." placeholder:"N"`
	Area         *float64 `help:"Area of all districts together." placeholder:"KM2"`
	Districts    *int     `help:"Districts 区." placeholder:"N"`
	Streets      *int     `help:"Street offices 街道 in all." placeholder:"N"`
	Communities  *int     `help:"Communities 社区 in all." placeholder:"N"`
	Cells        *int     `help:"Unit grids 单元网格 in all." placeholder:"N"`
	Blocks       *int     `help:"Blocks 街坊 in all. Default: four for each unit grid." placeholder:"N"`
	Doors        *int     `help:"Door plates 门牌. -1: one each 25 m of frontage." placeholder:"N"`
	Parts        *int     `help:"City parts 部件. -1: a lamp each 30 m of a wide road, and so on." placeholder:"N"`
	Features     *int     `help:"Features of all layers together; the parts make up the number." placeholder:"N"`
	Center       string   `help:"Where the middle lies." placeholder:"LON,LAT"`
	Rotate       float64  `help:"Turn the city anticlockwise." placeholder:"DEG"`
	DistrictCode *int     `help:"Six-digit code of the first district; others count up." placeholder:"CODE"`
	Edition      string   `help:"Edition of the part codes: GBT30428.2-2013 (16 digits) or GBT47678.5-2026 (17)." enum:"GBT30428.2-2013,GBT47678.5-2026" default:"GBT30428.2-2013"`
}

// Help is shown between the usage line and the flags.
func (*Flags) Help() string {
	var b strings.Builder
	b.WriteString("Makes a synthetic city: nested areas and unit grids that cover it exactly, roads, blocks, buildings, entrances, " +
		"door plates and parts. The same flags make the same bytes. Presets:\n\n")
	for _, name := range synth.Presets() {
		p, _ := synth.Preset(name)
		size := "natural numbers of doors and parts"
		switch {
		case p.Features > 0:
			size = fmt.Sprintf("%d features", p.Features)
		case p.Parts > 0:
			size = fmt.Sprintf("%d doors, %d parts", p.Doors, p.Parts)
		}
		fmt.Fprintf(&b, "  %-15s %g km²; districts/streets/communities/cells %d/%d/%d/%d; %s\n",
			name, p.Area, p.Districts, p.Streets, p.Communities, p.Cells, size)
	}
	return b.String()
}

// Params are the parameters that the flags ask for.
func (cmd *Flags) Params() (synth.Params, error) {
	p, ok := synth.Preset(cmd.Preset)
	if !ok {
		return p, fmt.Errorf("--preset %q: known are %s", cmd.Preset, strings.Join(synth.Presets(), ", "))
	}
	set(&p.Seed, cmd.Seed)
	set(&p.Area, cmd.Area)
	set(&p.Districts, cmd.Districts)
	set(&p.Streets, cmd.Streets)
	set(&p.Communities, cmd.Communities)
	set(&p.Cells, cmd.Cells)
	if cmd.Cells != nil {
		p.Blocks = 0 // those of the preset belong to its own cells
	}
	set(&p.Blocks, cmd.Blocks)
	set(&p.Doors, cmd.Doors)
	if cmd.Parts != nil {
		p.Parts, p.Features = *cmd.Parts, 0
	}
	set(&p.Features, cmd.Features)
	set(&p.DistrictCode, cmd.DistrictCode)
	p.Rotate, p.Edition = cmd.Rotate, synth.Edition(cmd.Edition)
	if cmd.Center != "" {
		lon, lat, _ := strings.Cut(cmd.Center, ",")
		var errs [2]error
		p.Lon, errs[0] = strconv.ParseFloat(strings.TrimSpace(lon), 64)
		p.Lat, errs[1] = strconv.ParseFloat(strings.TrimSpace(lat), 64)
		if errors.Join(errs[:]...) != nil {
			return p, fmt.Errorf("--center %q: must be LON,LAT in degrees, such as 116.416,39.928", cmd.Center)
		}
	}
	return p, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Format is the format in which the features of a layer are written.
func Format(l *data.Layer) string {
	if l.Geometry == data.GeometryPoint {
		return convert.CSV
	}
	return convert.GeoJSONSeq
}

// Write makes a folder that gewu demo --city loads, with the city under a name. A folder with anything else in it is left
// alone. Each begins a layer, and tells of its end with its last feature.
func Write(ctx context.Context, dir, name string, c *synth.City, each func(synth.Layer) (set func(n int), end func())) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, sample.Manifest)); len(entries) > 0 && err != nil {
		return fmt.Errorf("%s is not empty and holds no city: use another -o DIR", dir)
	}
	for _, sub := range []string{"layers", "files"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o750); err != nil {
			return err
		}
	}
	for _, l := range c.Layers() {
		layer := l.Def.Name
		if err := os.WriteFile(filepath.Join(dir, "layers", layer+".toml"), l.Definition, 0o600); err != nil {
			return err
		}
		out, err := os.Create(filepath.Join(dir, "files", layer+"."+Format(l.Def)+".gz"))
		if err != nil {
			return err
		}
		set, end := each(l)
		if err = errors.Join(Features(ctx, out, l, true, set), out.Close()); err != nil {
			return fmt.Errorf("%s: %w", out.Name(), err)
		}
		end()
	}
	// Last, so that a folder that was not finished is not taken for a city.
	return os.WriteFile(filepath.Join(dir, sample.Manifest), manifest(name, c), 0o600)
}

// progressEvery is how many features are written between two looks at the context.
const progressEvery = 4096

// Features writes the features of a layer and tells how many there were so far.
func Features(ctx context.Context, w io.Writer, l synth.Layer, zip bool, progress func(n int)) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	out, err := convert.NewWriter(buffered, Format(l.Def), l.Def, convert.WriteOptions{Gzip: zip})
	if err != nil {
		return err
	}
	n := 0
	for f := range l.Features {
		if err := out.Write(&f); err != nil {
			return err
		}
		if n++; n%progressEvery == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			progress(n)
		}
	}
	progress(n)
	return errors.Join(out.Close(), buffered.Flush())
}

// manifest is the city.toml of a synthetic city.
func manifest(name string, c *synth.City) []byte {
	var b bytes.Buffer
	p, s := c.Params(), c.Scheme()
	fmt.Fprintf(&b, "# A synthetic city, made by gewu synth: preset %s, seed %d.\n", name, p.Seed)
	fmt.Fprintf(&b, "name = %q\ntitle = { zh = %q, en = %q }\n", name, "合成城市 "+name, "Synthetic "+name)
	fmt.Fprintf(&b, "centre = [%v, %v]\nzoom = 15\n", p.Lon, p.Lat)
	for _, l := range c.Layers() {
		format := Format(l.Def)
		fmt.Fprintf(&b, "\n[[steps]]\nlayer = \"layers/%s.toml\"\nfiles = [\"files/%s.%s.gz\"]\nformat = %q\n", l.Def.Name, l.Def.Name, format, format)
	}
	levels, _ := json.Marshal(s.Levels) // strings are alike in JSON and TOML
	fmt.Fprintf(&b, "\n[[schemes]]\nname = %q\ntitle = { zh = %q, en = %q }\nlevels = %s\ncells = { layer = %q, code = %q }\ncode_rule = %q\n",
		s.Name, s.Title["zh"], s.Title["en"], levels, s.Cells.Layer, s.Cells.Code, s.CodeRule)
	return b.Bytes()
}
