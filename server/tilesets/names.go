package tilesets

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
)

// tileset resolves the name in a path; an unknown one is not found, and the problem says what to ask for instead.
func tileset(w *index.World, name string) (tiles.Tileset, error) {
	set, err := tiles.Resolve(w, name)
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return set, rest.Fault(rest.NotFound, field.Field, field.Value, instead(w, field)).Because(err)
	}
	return set, err
}

// companions are the layers of tiles that are not asked for by their own names.
var companions = []struct{ suffix, ask string }{
	{tiles.LabelSuffix, "comes with %[1]s: ask for %[1]s"},
	{tiles.DroppedSuffix, "comes with %[1]s where a tile cannot hold all: ask for %[1]s"},
	{tiles.AddedSuffix, "is in tiles of what differs: ask for %s with diff"},
	{tiles.ChangedSuffix, "is in tiles of what differs: ask for %s with diff"},
	{tiles.RemovedSuffix, "is in tiles of what differs: ask for %s with diff"},
	{tiles.TotalsSuffix, "does not exist: totals have areas and cells that a scheme names; ask for %s"},
	{tiles.ClustersSuffix, "does not exist: groups have layers of points; ask for %s"},
}

// instead says why a name is none, and which one is meant.
func instead(w *index.World, wrong *data.FieldError) string {
	_, known, listed := strings.Cut(wrong.Why, "; ")
	switch {
	case !listed:
		return wrong.Why
	case wrong.Value == "":
		return "is empty, or a name in its list is; " + known
	case wrong.Value == tiles.City:
		return "is all layers and stands alone: a list is of layers; " + known
	}
	for _, c := range companions {
		if base, cut := strings.CutSuffix(wrong.Value, c.suffix); cut {
			if _, _, ok := tiles.LayerOf(w, base); ok {
				return fmt.Sprintf(c.ask, base)
			}
		}
	}
	return wrong.Why
}

// Previewed verifies that the tileset exists which a page previews; other pages it lets pass.
func (a *API) Previewed(r *http.Request) error {
	name, ok := strings.CutPrefix(r.URL.Path, "/preview/")
	if name = strings.TrimRight(name, "/"); !ok || name == "" {
		return nil // the whole city
	}
	_, err := tileset(a.Present(r), name)
	return err
}

// either resolves the name of a tileset of what differs between two Worlds: it is enough that one of them has a layer.
func either(before, after *index.World, name string) (set tiles.Tileset, err error) {
	if name == tiles.City {
		if set, err = tileset(after, name); err != nil {
			return set, err
		}
		old, err := tileset(before, name)
		set.Layers = merged(set.Layers, old.Layers...)
		return set, err
	}
	for part := range strings.SplitSeq(name, ",") {
		// Twice, so that it is a list.
		one, err := tileset(after, part+","+part)
		if err != nil {
			var gone error
			if one, gone = tiles.Resolve(before, part+","+part); gone != nil {
				return set, err
			}
		}
		set.Layers = merged(set.Layers, one.Layers...)
	}
	if len(set.Layers) > tiles.MaxLayers {
		return set, rest.Fault(rest.NotFound, "tileset", name, fmt.Sprintf("lists more than %d layers", tiles.MaxLayers))
	}
	set.Name = strings.Join(set.Layers, ",")
	return set, nil
}

// merged appends the names that a list lacks.
func merged(list []string, more ...string) []string {
	for _, name := range more {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}
