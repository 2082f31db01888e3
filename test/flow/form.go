package flow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plain are the members of a form that are texts.
var plain = []string{"source", "description", "address", "address_id", "unit", "person", "reason", "note"}

// form is what a step fills in, as the server takes it.
func (t *tale) form(ctx context.Context, s *Step) (map[string]any, error) {
	form, own := map[string]any{}, map[string]string{}
	for _, f := range s.Form {
		v, err := t.value(ctx, s.User, &f)
		if err != nil {
			return nil, fmt.Errorf("%s = %s: %w", f.Name, f.Value, err)
		}
		if v == nil {
			own[f.Name] = f.Value
			continue
		}
		form[f.Name] = v
	}
	if len(own) > 0 {
		form["fields"] = own
	}
	return form, nil
}

// value is what a field holds; nil for one that the process added, which is text.
func (t *tale) value(ctx context.Context, user string, f *Pair) (any, error) {
	words := strings.Fields(f.Value)
	switch f.Name {
	case "class": // part 0102, event 0110 2 (row), or with the edition before
		class := map[string]string{}
		if len(words) > 0 && words[0] != "part" && words[0] != "event" {
			class["edition"], words = words[0], words[1:]
		}
		if len(words) < 2 || len(words) > 3 {
			return nil, errors.New("must be part or event, a code, and perhaps a row")
		}
		class["kind"], class["code"] = words[0], words[1]
		if len(words) == 3 {
			class["row"] = words[2]
		}
		return class, nil
	case "point": // longitude and latitude, or @ and words that the geocoder is asked for
		if words, ok := strings.CutPrefix(f.Value, "@ "); ok {
			return t.geocode(ctx, user, words)
		}
		var at [2]float64
		if len(words) != 2 {
			return nil, errors.New("must be longitude and latitude")
		}
		for i := range at {
			var err error
			if at[i], err = strconv.ParseFloat(words[i], 64); err != nil {
				return nil, err
			}
		}
		return map[string]float64{"lon": at[0], "lat": at[1]}, nil
	case "parts":
		var parts []map[string]string
		for _, w := range words {
			layer, id, ok := strings.Cut(w, "/")
			if !ok {
				return nil, errors.New("must be LAYER/ID")
			}
			parts = append(parts, map[string]string{"layer": layer, "id": id})
		}
		return parts, nil
	case "before", "after", "voice":
		var files []json.RawMessage
		for _, w := range words {
			file, err := t.photo(ctx, user, w)
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
		return files, nil
	case "quantity":
		return quantities(f.Value)
	case "units":
		return words, nil
	case "until":
		at, err := time.ParseInLocation(layout, f.Value, t.now.Location())
		return at, err
	case "into":
		id, ok := t.id(strings.TrimPrefix(f.Value, "$"))
		if !ok {
			return nil, errors.New("nobody has begun this case")
		}
		return id, nil
	}
	if slices.Contains(plain, f.Name) {
		return f.Value, nil
	}
	return nil, nil //nolint:nilnil // a field of the process
}

// geocode is the place that words mean to the city: the best one.
func (t *tale) geocode(ctx context.Context, user, words string) (any, error) {
	var found struct {
		Features []struct {
			Geometry struct {
				Coordinates []float64 `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if err := t.send(ctx, user, http.MethodGet, "/v1/geocode?limit=1&q="+url.QueryEscape(words), nil, &found); err != nil {
		return nil, err
	}
	if len(found.Features) == 0 || len(found.Features[0].Geometry.Coordinates) != 2 {
		return nil, errors.New("means no place")
	}
	at := found.Features[0].Geometry.Coordinates
	return map[string]float64{"lon": at[0], "lat": at[1]}, nil
}

// quantities are amounts with their units, and kinds where they have some: 3 m³ 垃圾; 1 处.
func quantities(text string) (all []map[string]any, err error) {
	for one := range strings.SplitSeq(text, ";") {
		words := strings.Fields(one)
		if len(words) < 2 || len(words) > 3 {
			return nil, errors.New("must be an amount, a unit, and perhaps a kind")
		}
		n, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			return nil, err
		}
		q := map[string]any{"number": n, "unit": words[1]}
		if len(words) == 3 {
			q["kind"] = words[2]
		}
		all = append(all, q)
	}
	return all, nil
}

// photo is a picture of a name, put into the city once. A server that keeps no files is told its hash alone.
func (p *Player) photo(ctx context.Context, user, name string) (json.RawMessage, error) {
	own := user + " " + name // a file belongs to whoever sent it
	if file, ok := p.files[own]; ok {
		return file, nil
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	n := sum.Sum32()
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			img.Set(x, y, color.RGBA{uint8(n + uint32(x)), uint8(n>>8 + uint32(y)), uint8(n >> 16), 255})
		}
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, img, nil); err != nil {
		return nil, err
	}
	var kept struct {
		Hash string `json:"hash"`
		Type string `json:"type"`
		Size int    `json:"size"`
	}
	err := p.do(ctx, user, http.MethodPost, "/v1/attachments", "image/jpeg", bytes.NewReader(picture.Bytes()), &kept)
	if no, ok := errors.AsType[*refusal](err); ok && (no.status == http.StatusNotFound || no.status == http.StatusNotImplemented) {
		hash := sha256.Sum256(picture.Bytes())
		kept.Hash, kept.Type, kept.Size, err = hex.EncodeToString(hash[:]), "image/jpeg", picture.Len(), nil
	}
	if err != nil {
		return nil, err
	}
	file, err := json.Marshal(kept)
	if p.files == nil {
		p.files = map[string]json.RawMessage{}
	}
	p.files[own] = file
	return file, err
}
