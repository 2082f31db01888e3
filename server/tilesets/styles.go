package tilesets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
	"github.com/gewu-city/gewu/tiles"
	"github.com/gewu-city/gewu/tiles/style"
	"github.com/gewu-city/gewu/tiles/style/sprite"
	"github.com/gewu-city/gewu/tiles/style/symbol"
)

// Style answers with the style of a tileset, by default the whole city.
func (a *API) Style(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, err := a.World(r, q)
	if err != nil {
		return err
	}
	lang, name := q.Text("lang"), q.Text("tileset")
	if lang == "" {
		lang = "zh"
	}
	if name == "" {
		name = tiles.City
	}
	shift := q.Shift("crs")
	if err := q.Done(""); err != nil {
		return err
	}
	set, err := tileset(world, name)
	if err != nil {
		return err
	}
	made, err := style.Build(world, set, mux.Vars(r)["name"], lang, a.BaseURL(r), shift)
	if field, ok := errors.AsType[*data.FieldError](err); ok && field.Field == "style" {
		return rest.Fault(rest.NotFound, field.Field, field.Value, field.Why).Because(err)
	}
	if err != nil {
		return err
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, made)
}

// SpriteIndex says where in a sheet each symbol lies.
func SpriteIndex(w http.ResponseWriter, r *http.Request) error {
	return writeSheet(w, r, "application/json", sprite.Index)
}

// SpritePicture is a sheet of symbols.
func SpritePicture(w http.ResponseWriter, r *http.Request) error {
	return writeSheet(w, r, "image/png", sprite.Picture)
}

func writeSheet(w http.ResponseWriter, r *http.Request, kind string, read func(string) ([]byte, bool)) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	name := mux.Vars(r)["sheet"]
	body, ok := read(name)
	if !ok {
		return rest.Fault(rest.NotFound, "sheet", name, "is no sheet; there are light, dark and print, each also with @2x")
	}
	return writeFixed(w, r, kind, body)
}

// Symbol is one symbol as it is on the map of a theme, for legends.
func Symbol(w http.ResponseWriter, r *http.Request) error {
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	vars := mux.Vars(r)
	palette, ok := symbol.In(vars["theme"])
	if !ok {
		return rest.Fault(rest.NotFound, "theme", vars["theme"], "must be light, dark or print")
	}
	s, ok := symbol.Find(vars["symbol"])
	if !ok {
		return rest.Fault(rest.NotFound, "symbol", vars["symbol"], "is no symbol; /v1/sprites/light.json lists them")
	}
	return writeFixed(w, r, "image/svg+xml", []byte(s.Draw(palette)))
}

// writeFixed answers with what only another version of the program changes.
func writeFixed(w http.ResponseWriter, r *http.Request, kind string, body []byte) error {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:16])
	w.Header().Set("ETag", `"`+tag+`"`)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	if rest.MatchesTag(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return rest.WriteBody(w, r, http.StatusOK, kind, body)
}
