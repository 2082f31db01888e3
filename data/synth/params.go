package synth

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Natural asks for as many features as the roads and blocks naturally have.
const Natural = -1

// Edition is the edition of the classification of parts, which decides class and part codes.
type Edition string

// The editions: class codes of 2+2 and part codes of 6+2+2+6 digits, and 2+3 and 6+2+3+6 digits.
const (
	Edition2013 Edition = "GBT30428.2-2013"
	Edition2026 Edition = "GBT47678.5-2026"
)

// Editions are the known editions.
func Editions() []Edition { return []Edition{Edition2013, Edition2026} }

// Params say what city to make. Start from [Preset] and change members; the zero value asks for nothing.
type Params struct {
	// Seed chooses one of many cities with the same measures.
	Seed uint64
	// Lon and Lat are where its middle lies, in degrees.
	Lon, Lat float64
	// Rotate turns it anticlockwise, in degrees.
	Rotate float64
	// Area is the area of all districts together, in km² on the ellipsoid.
	Area float64
	// DistrictCode is the six-digit code of the first district; further ones count up.
	DistrictCode int
	// Districts, Streets (street offices, 街道), Communities and Cells are exact counts over the whole city.
	Districts, Streets, Communities, Cells int
	// Blocks is the exact count of blocks. Zero means four for each cell.
	Blocks int
	// Doors and Parts are exact counts, or [Natural]: a door plate each 25 m of frontage, a lamp each 30 m of a wide
	// road, and so on.
	Doors, Parts int
	// Features, when not zero, is the exact count of features of all layers together. It decides Parts.
	Features int
	// Edition is the edition of the part codes, [Edition2013] when empty.
	Edition Edition
}

// presets by name. Dongcheng's figures are those published of its system of 2004: 25.38 km², 10 street offices, 137
// communities, 1,593 unit grids. The others keep its proportions: 10,000 features and 63 cells to the square
// kilometre; or the crowd on which the budgets of lookups are measured.
var presets = map[string]Params{
	"dongcheng-2004": {Area: 25.38, Districts: 1, Streets: 10, Communities: 137, Cells: 1593, Doors: Natural, Parts: Natural},
	"scale-10k":      {Area: 1, Districts: 1, Streets: 1, Communities: 5, Cells: 63, Doors: Natural, Features: 10_000},
	"scale-100k":     {Area: 10, Districts: 1, Streets: 4, Communities: 54, Cells: 628, Doors: Natural, Features: 100_000},
	"scale-1m":       {Area: 100, Districts: 2, Streets: 39, Communities: 540, Cells: 6277, Doors: Natural, Features: 1_000_000},
	"scale-10m":      {Area: 1000, Districts: 12, Streets: 394, Communities: 5398, Cells: 62_766, Doors: Natural, Features: 10_000_000},
	"dense-1m":       {Area: 25, Districts: 1, Streets: 17, Communities: 200, Cells: 16_129, Blocks: 16_129, Doors: 300_000, Parts: 1_000_000},
}

// Presets are the names of the presets.
func Presets() []string {
	names := make([]string, 0, len(presets))
	for name := range presets {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(presets[a].size(), presets[b].size()), strings.Compare(a, b))
	})
	return names
}

func (p Params) size() int { return max(p.Features, p.Doors+p.Parts) }

// Preset is a preset by name: with Seed 1, in the middle of Beijing, upright.
func Preset(name string) (Params, bool) {
	p, ok := presets[name]
	p.Seed, p.Lon, p.Lat, p.DistrictCode, p.Edition = 1, 116.416, 39.928, 110101, Edition2013
	return p, ok
}

// Bounds of what can be made.
const (
	// maxAreaKM2 keeps the plane flat enough: 140 km across.
	maxAreaKM2 = 20_000
	// maxLat keeps away from the poles, where a degree of longitude is short.
	maxLat = 75
	// minBlockM2 leaves room for two lanes and what stands on them.
	minBlockM2 = 150
	maxBlocks  = 2_000_000
	// maxNumber is the largest number that a code has digits for, maxPartNumber that of parts.
	maxNumber     = 999
	maxPartNumber = 999_999
)

// refuse says which parameter cannot be, and why, with what could.
func refuse(field string, value any, why string, args ...any) error {
	return &data.FieldError{Field: field, Value: fmt.Sprint(value), Why: fmt.Sprintf(why, args...)}
}

// check verifies what can be verified before anything is made, and fills in what follows from the rest.
func (p *Params) check() error {
	p.Edition = cmp.Or(p.Edition, Edition2013)
	switch {
	case !slices.Contains(Editions(), p.Edition):
		return refuse("edition", p.Edition, "must be one of %v", Editions())
	case !(math.Abs(p.Lon) <= 180):
		return refuse("center", p.Lon, "is not a longitude")
	case !(math.Abs(p.Lat) <= maxLat):
		return refuse("center", p.Lat, "must be a latitude between -%d and %d", maxLat, maxLat)
	case math.IsNaN(p.Rotate) || math.Abs(p.Rotate) > 360:
		return refuse("rotate", p.Rotate, "must be an angle in degrees")
	case !(p.Area > 0) || p.Area > maxAreaKM2:
		return refuse("area", p.Area, "must be more than 0 and at most %d km²", maxAreaKM2)
	case p.DistrictCode < 110_101 || p.DistrictCode > 829_999:
		return refuse("district-code", p.DistrictCode, "must be the six digits of a county-level district, such as 110101")
	case p.Features < 0 || p.Features > 20_000_000:
		return refuse("features", p.Features, "must be at most 20000000")
	case p.Doors < Natural || p.Doors > 20_000_000:
		return refuse("doors", p.Doors, "must be at most 20000000")
	case p.Parts < Natural || p.Parts > 20_000_000:
		return refuse("parts", p.Parts, "must be at most 20000000")
	}
	if p.Blocks == 0 {
		p.Blocks = 4 * p.Cells
	}
	if err := p.checkCounts(); err != nil {
		return err
	}
	// 180° of longitude are crossed by no city; the half diagonal of a square is 0.71 of its side.
	if reach := math.Sqrt(p.Area) / (111 * math.Cos(p.Lat*math.Pi/180)); math.Abs(p.Lon)+reach > 180 {
		return refuse("center", p.Lon, "is too near to the 180° meridian, which a city must not cross")
	}
	return nil
}

func (p *Params) checkCounts() error {
	if p.Districts < 1 {
		return refuse("districts", p.Districts, "must be at least 1")
	}
	if most := 100 - p.DistrictCode%100; p.Districts > most {
		return refuse("districts", p.Districts, "at most %d have codes from %d on", most, p.DistrictCode)
	}
	for _, c := range []struct {
		field, above string
		n, upper     int
	}{
		{"streets", "districts", p.Streets, p.Districts},
		{"communities", "streets", p.Communities, p.Streets},
		{"cells", "communities", p.Cells, p.Communities},
	} {
		if c.n < c.upper {
			return refuse(c.field, c.n, "there are %d %s, and each needs at least one: ask for %s ≥ %d, or for fewer %s",
				c.upper, c.above, c.field, c.upper, c.above)
		}
		if c.n > maxNumber*c.upper {
			return refuse(c.field, c.n, "codes have three digits, so %d %s hold at most %d", c.upper, c.above, maxNumber*c.upper)
		}
	}
	if p.Blocks < p.Cells || p.Blocks > min(maxBlocks, maxNumber*p.Cells) {
		return refuse("blocks", p.Blocks, "with %d cells it must be %d to %d", p.Cells, p.Cells, min(maxBlocks, maxNumber*p.Cells))
	}
	if room := int(p.Area * 1e6 / minBlockM2); p.Blocks > room {
		each := max(1, p.Blocks/p.Cells)
		return refuse("area", strconv.FormatFloat(p.Area, 'g', -1, 64)+" km²",
			"is too small for %d cells of %d blocks each, of at least %d m² a block: ask for at least %.3g km², or for at most %d cells",
			p.Cells, each, minBlockM2, math.Ceil(float64(p.Blocks)*minBlockM2/1e3)/1e3, room/each)
	}
	return nil
}
