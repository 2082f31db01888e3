package sample

import (
	"fmt"
	"io/fs"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
)

// Manifest is the file that describes a city.
const Manifest = "city.toml"

// City says how to load a city: the layers with their files, in order, then the schemes.
type City struct {
	Name  string     `toml:"name"`
	Title data.Title `toml:"title"`
	// Centre is the longitude and latitude at which a map opens, Zoom its zoom level.
	Centre  [2]float64    `toml:"centre"`
	Zoom    float64       `toml:"zoom"`
	Steps   []Step        `toml:"steps"`
	Schemes []data.Scheme `toml:"schemes"`
}

// Step loads files into one layer. The members are those of the import command.
type Step struct {
	// Layer is the file of the layer's definition, Files the data; all within the city's files.
	Layer  string   `toml:"layer"`
	Files  []string `toml:"files"`
	Format string   `toml:"format"`
	// CRS is the system of the coordinates, longitude and latitude when empty.
	CRS      string            `toml:"crs"`
	ID       string            `toml:"id"`
	Lon      string            `toml:"lon"`
	Lat      string            `toml:"lat"`
	Map      map[string]string `toml:"map"`
	Ignore   []string          `toml:"ignore"`
	FixRings bool              `toml:"fix_rings"`
}

// Load reads the manifest of a city. A key that it should not have is an error, and so is a file that is missing.
func Load(files fs.FS) (City, error) {
	var c City
	meta, err := toml.DecodeFS(files, Manifest, &c)
	if err != nil {
		return City{}, fmt.Errorf("%s: %w", Manifest, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return City{}, fmt.Errorf("%s: unknown key %s", Manifest, unknown[0])
	}
	for i, s := range c.Steps {
		if s.Layer == "" || len(s.Files) == 0 || s.Format == "" {
			return City{}, fmt.Errorf("%s: steps[%d] needs layer, files and format", Manifest, i)
		}
		for _, name := range append([]string{s.Layer}, s.Files...) {
			if _, err := fs.Stat(files, name); err != nil {
				return City{}, fmt.Errorf("%s: steps[%d]: %w", Manifest, i, err)
			}
		}
	}
	return c, nil
}
