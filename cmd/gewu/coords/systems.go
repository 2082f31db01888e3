package coords

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/gewu-city/gewu/geo/proj"
)

// Env is what the commands get besides their flags.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Systems are the files of --systems.
	Systems []string
	// WriteFile writes a file so that it exists complete or not at all.
	WriteFile func(name string, r io.Reader) error
	// Ask asks the city, for what its codes tell.
	Ask func(path string, query url.Values, out any) error
}

// Systems are the built-in coordinate systems and the own grids of files, those of --systems.
func Systems(files []string) (*proj.Systems, error) {
	var own []*proj.Own
	for _, file := range files {
		o, err := ownGrid(file)
		if err != nil {
			return nil, fmt.Errorf("--systems: %w", err)
		}
		own = append(own, o)
	}
	return proj.NewSystems(own...)
}

// lookupCRS finds a system by name, or by the file of its control points after an @.
func lookupCRS(files []string, name string) (proj.CRS, error) {
	if file, ok := strings.CutPrefix(name, "@"); ok {
		return ownGrid(file)
	}
	systems, err := Systems(files)
	if err != nil {
		return nil, err
	}
	c, err := systems.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("%q %s", name, proj.WhyUnknown(err))
	}
	return c, nil
}

// ServerCRS is what the server is told when somebody names a system: own grids that this command knows are sent as
// definitions, so that the server need not know them. Every other name is left to the server.
func ServerCRS(files []string, name string) (string, error) {
	var o *proj.Own
	if file, ok := strings.CutPrefix(name, "@"); ok {
		var err error
		if o, err = ownGrid(file); err != nil {
			return "", fmt.Errorf("--crs: %w", err)
		}
	} else if systems, err := Systems(files); err != nil {
		return "", err
	} else if c, err := systems.Lookup(name); err == nil {
		o, _ = c.(*proj.Own)
	}
	if o == nil {
		return name, nil
	}
	return o.Definition(), nil
}
