package planning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paulmach/orb/geojson"

	"github.com/gewu-city/gewu/grid/divide"
)

// draft makes a draft of the scheme in the city and puts the grids of an alternative into it as one step: those that continue
// a present grid with its code, others without, for the check of the draft to number. It returns the draft's id. When the
// grids do not fit, the draft is left as it began, and the error names it.
func (d *Divide) draft(e *Env, a *divide.Alternative) (string, error) {
	begin := map[string]string{"scheme": d.Scheme, "title": d.Draft}
	if d.By != "" {
		begin["by"] = d.By
	}
	if d.Fix != "none" {
		begin["rule"] = d.Fix
	}
	body, err := json.Marshal(begin)
	if err != nil {
		return "", err
	}
	var made struct {
		Draft struct {
			ID string `json:"id"`
		} `json:"draft"`
	}
	err = e.City(func(c Client) error {
		_, text, err := e.begin(c, http.MethodPost, "/v1/drafts", nil, "application/json", bytes.NewReader(body))
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &made)
	})
	if err != nil {
		return "", err
	}
	file := geojson.NewFeatureCollection()
	communities := map[string]bool{}
	for i := range a.Cells {
		c := &a.Cells[i]
		communities[c.Community] = true
		f := feature("", c.Shape.Orb(), geojson.Properties{"code": c.Continues, "community": c.Community})
		f.ID = nil
		file.Append(f)
	}
	if body, err = file.MarshalJSON(); err != nil {
		return "", err
	}
	query := url.Values{}
	if d.Partial {
		query.Set("communities", strings.Join(slices.Sorted(maps.Keys(communities)), ","))
	}
	if d.Fix != "none" {
		query.Set("rule", d.Fix)
	}
	id := made.Draft.ID
	if _, err := e.long(bar("draft", d.Quiet), http.MethodPost, draftPath(id)+"/import", query, "application/geo+json", bytes.NewReader(body), nil); err != nil {
		if e.Ctx.Err() != nil {
			return "", fmt.Errorf("draft %s was begun, and gewu grid draft delete %s forgets it; its grids: %w", id, id, err)
		}
		return "", fmt.Errorf("draft %s was begun, but the grids do not fit into it: %w", id, err)
	}
	return id, nil
}
