package places

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/geocode/eval"
	"github.com/gewu-city/gewu/geocode/noise"
)

// measure asks for each case of a file and prints how many answers are right, how far off they are and what they took.
func (g *Geocode) measure(e *Env, query url.Values) error {
	if err := only(query, "--eval", "limit", "least", "focus", "bbox", "layers", "fallback", "when"); err != nil {
		return err
	}
	if g.Noise < 0 || g.Noise == 0 && g.Seed != 0 {
		return errors.New("--noise must be 1 or more, and --seed belongs to it")
	}
	cases, err := readCases(g.Eval)
	if err != nil {
		return err
	}
	if g.Noise > 0 {
		r := rand.New(rand.NewPCG(g.Seed, g.Seed))
		clean := cases
		cases = nil
		for _, class := range noise.Classes() {
			cases = append(cases, eval.Noisy(clean, class, g.Noise, r)...)
		}
	}
	return e.WithCity(func(ctx context.Context, c Client) error {
		return g.run(ctx, e, c, query, cases)
	})
}

func (g *Geocode) run(ctx context.Context, e *Env, c Client, query url.Values, cases []eval.Case) error {
	features := located{c: c, known: map[string]*geo.Point{}}
	o := eval.Options{Now: time.Now, Locate: func(layer, id string) (geo.Point, bool) { return features.find(ctx, layer, id) }}
	if g.Failures != "" {
		if err := e.MayWrite(g.Failures); err != nil {
			return err
		}
		f, err := os.Create(g.Failures)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Failures = f
	}
	bar := e.Bar(g.Eval, int64(len(cases)))
	asked := int64(0)
	report, err := eval.Run(ctx, cases, func(text string) ([]eval.Answer, error) {
		asked++
		bar.Set(asked)
		return ask(ctx, c, query, text)
	}, o)
	bar.Finish()
	if err != nil {
		return err
	}
	if g.JSON {
		return report.WriteJSON(e.Stdout)
	}
	return report.WriteText(e.Stdout)
}

// readCases reads a file of cases. Of one with wrong rows nothing is measured: the figures would be of other cases.
func readCases(name string) ([]eval.Case, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return eval.Read(f, name)
}

// ask asks for one text.
func ask(ctx context.Context, c Client, query url.Values, text string) ([]eval.Answer, error) {
	query.Set("q", text)
	resp, err := c.Do(ctx, http.MethodGet, "/v1/geocode", query, "", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Features []struct {
			place
			Properties struct {
				Layer     string `json:"layer"`
				ID        string `json:"id"`
				Geocoding struct {
					Label string `json:"label"`
					Score int    `json:"score"`
				} `json:"geocoding"`
			} `json:"properties"`
		} `json:"features"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("the answer about %q: %w", text, err)
	}
	var all []eval.Answer
	for _, f := range answer.Features {
		p := &f.Properties
		a := eval.Answer{Layer: p.Layer, ID: p.ID, Score: p.Geocoding.Score, Label: p.Geocoding.Label}
		if at := f.Geometry.Coordinates; len(at) >= 2 {
			a.At, _ = geo.FromDegrees(at[0], at[1])
		}
		all = append(all, a)
	}
	return all, nil
}

// located finds where the features of cases are, each once.
type located struct {
	c     Client
	known map[string]*geo.Point
}

func (l *located) find(ctx context.Context, layer, id string) (geo.Point, bool) {
	key := layer + "/" + id
	p, ok := l.known[key]
	if !ok {
		p = l.ask(ctx, layer, id)
		l.known[key] = p
	}
	if p == nil {
		return geo.Point{}, false
	}
	return *p, true
}

// ask is the middle of the box around a feature, nil when there is none.
func (l *located) ask(ctx context.Context, layer, id string) *geo.Point {
	resp, err := l.c.Do(ctx, http.MethodGet, "/v1/layers/"+url.PathEscape(layer)+"/features/"+url.PathEscape(id), nil, "", nil)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var feature struct {
		Geometry struct {
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(&feature); err != nil {
		return nil
	}
	box := geo.EmptyBox()
	var numbers []float64
	for d := json.NewDecoder(strings.NewReader(string(feature.Geometry.Coordinates))); ; {
		t, err := d.Token()
		if err != nil {
			break
		}
		if n, ok := t.(float64); ok {
			numbers = append(numbers, n)
			continue
		}
		if len(numbers) >= 2 {
			if p, ok := geo.FromDegrees(numbers[0], numbers[1]); ok {
				box = box.Extend(p)
			}
		}
		numbers = numbers[:0]
	}
	if box.Empty() {
		return nil
	}
	middle := geo.Between(box.Min, box.Max, 0.5)
	return &middle
}
