package transfer

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/osm"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/ingest"
	"github.com/gewu-city/gewu/server/rest"
)

// importConfig reads the parameters that say what an import does.
func (a *API) importConfig(r *http.Request, world *index.World, layer *index.Layer) (ingest.Config, error) {
	q := r.URL.Query()
	cfg := ingest.Config{
		Store: a.Store, Engine: a.Engine, Vault: a.Vault, World: world.Whole(), Layer: layer.Whole(), Guard: a.Guard(r), Actor: city.ActorOf(r), Mode: ingest.Mode(q.Get("mode")),
		Spool: a.Spool,
	}
	for name, to := range map[string]*bool{"strict": &cfg.Strict, "dry_run": &cfg.DryRun, "atomic": &cfg.Atomic, "allow_empty": &cfg.AllowEmpty} {
		var err error
		if *to, err = flag(q, name); err != nil {
			return cfg, err
		}
	}
	switch cfg.Mode {
	case "":
		cfg.Mode = ingest.Upsert
	case ingest.Upsert, ingest.Replace:
	default:
		return cfg, &data.FieldError{Field: "mode", Value: string(cfg.Mode), Why: "must be upsert or replace"}
	}
	if e := q.Get("effective"); e != "" {
		var ok bool
		if cfg.Effective, _, ok = a.Time(e); !ok {
			return cfg, &data.FieldError{Field: "effective", Value: e, Why: "must be a time like 2026-01-31T08:00:00+08:00 or a date"}
		}
		if a.Future(cfg.Effective) {
			return cfg, &data.FieldError{
				Field: "effective", Value: e,
				Why: "lies in the future, and an import takes effect when it lands: import then, or plan the changes with POST /v1/changes, which takes up to 99,999 at a time",
			}
		}
	}
	return cfg, nil
}

// flag reads a parameter that is true or false; absent is false.
func flag(q url.Values, name string) (bool, error) {
	switch text := q.Get(name); strings.ToLower(text) {
	case "", "0", "false", "no":
		return false, nil
	case "1", "true", "yes":
		return true, nil
	default:
		return false, &data.FieldError{Field: name, Value: text, Why: "must be true or false"}
	}
}

// lookupCRS reads a parameter that names a coordinate system; absent is nil.
func lookupCRS(q url.Values, systems *proj.Systems) (proj.CRS, error) {
	name := q.Get("crs")
	if name == "" {
		return nil, nil //nolint:nilnil // no system is a choice: longitude and latitude
	}
	crs, err := systems.Lookup(name)
	if err != nil {
		return nil, &data.FieldError{Field: "crs", Value: name, Why: proj.WhyUnknown(err)}
	}
	return crs, nil
}

// lookupEncoding reads a parameter that names an encoding of text; absent is none.
func lookupEncoding(q url.Values) (charset.Encoding, error) {
	name := q.Get("encoding")
	if name == "" {
		return charset.Encoding{}, nil
	}
	e, err := charset.Lookup(name)
	if err != nil {
		return e, &data.FieldError{Field: "encoding", Value: name, Why: "is not a known encoding; known are " + strings.Join(charset.Known(), ", ")}
	}
	return e, nil
}

// importOptions reads the parameters that say how columns become attributes.
func importOptions(q url.Values, layer *data.Layer, systems *proj.Systems) (convert.Options, error) {
	o := convert.Options{
		Layer: layer, File: q.Get("name"), ID: q.Get("id"), Lon: q.Get("lon"), Lat: q.Get("lat"),
		Geometry: q.Get("geometry"), Table: q.Get("table"), Systems: systems, Report: &convert.Report{},
	}
	var err error
	if o.FixRings, err = flag(q, "fix_rings"); err != nil {
		return o, err
	}
	if o.Sources, err = flag(q, "sources"); err != nil {
		return o, err
	}
	if o.CRS, err = lookupCRS(q, systems); err != nil {
		return o, err
	}
	if o.Encoding, err = lookupEncoding(q); err != nil {
		return o, err
	}
	for _, pair := range splitList(q["map"]) {
		from, to, ok := strings.Cut(pair, "=")
		if !ok {
			return o, &data.FieldError{Field: "map", Value: pair, Why: "must be column=attribute"}
		}
		if o.Map == nil {
			o.Map = map[string]string{}
		}
		o.Map[from] = to
	}
	o.Ignore = splitList(q["ignore"])
	if f := q.Get("format"); f != "" && !slices.Contains(convert.Formats(), f) {
		return o, &data.FieldError{Field: "format", Value: f, Why: "must be one of " + strings.Join(convert.Formats(), ", ")}
	}
	return o, nil
}

// splitList reads a repeated, comma-separated parameter.
func splitList(values []string) []string {
	var list []string
	for _, v := range values {
		for s := range strings.SplitSeq(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

// onlyParams refuses parameters that nobody asked for, which are usually misspelled.
func onlyParams(r *http.Request, known ...string) error {
	for name := range r.URL.Query() {
		if !slices.Contains(known, name) {
			return rest.Fault(rest.BadRequest, name, "", "is not a parameter here; known are "+strings.Join(known, ", "))
		}
	}
	return nil
}

// mapping is the part of a form that says what the elements of the OSM files behind it are.
const mapping = "mapping"

// maxMapping bounds it.
const maxMapping = 1 << 20

// readMapping reads a mapping: JSON when it starts with a brace, else TOML.
func readMapping(r io.Reader) (*osm.Mapping, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxMapping+1))
	if err != nil {
		return nil, &data.FieldError{Field: "body", Why: "the form ends early: " + err.Error()}
	}
	if len(text) > maxMapping {
		return nil, &data.FieldError{Field: mapping, Why: "has more than 1 MiB"}
	}
	format := convert.TOML
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		format = convert.JSON
	}
	m, err := convert.DecodeMapping(bytes.NewReader(text), format)
	if err != nil {
		return nil, &data.FieldError{Field: mapping, Why: "cannot be read: " + err.Error()}
	}
	return m, nil
}
