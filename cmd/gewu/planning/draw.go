package planning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Draw finds the ground that a text says by its four sides.
type Draw struct {
	Text   string `arg:"" help:"What lies on each side: 东起…，西至…，北起…，南至…, or east: …; south: …; west: …; north: …"`
	Scheme string `help:"Scheme whose cells are laid on it." default:"unit" placeholder:"NAME"`
	Output string `help:"Write the ground to this file, as GeoJSON." short:"o" placeholder:"FILE"`
	JSON   bool   `help:"Print the GeoJSON." name:"json"`
}

// answered is what the city answers, as far as it is printed.
type answered struct {
	Features []struct {
		Properties struct {
			AreaM2  float64 `json:"area_m2"`
			Follows float64 `json:"follows"`
			Joined  []struct {
				Sides   [2]string `json:"sides"`
				LengthM float64   `json:"length_m"`
			} `json:"joined"`
			Cells []struct {
				Code     string  `json:"code"`
				OfGround float64 `json:"of_ground"`
				OfCell   float64 `json:"of_cell"`
			} `json:"cells"`
		} `json:"properties"`
	} `json:"features"`
	Sides []struct {
		Side  string   `json:"side"`
		Names []string `json:"names"`
	} `json:"sides"`
}

// Run prints which ground it is. It fails when there are several pieces that it may be.
func (c *Draw) Run(e *Env) error {
	body, err := json.Marshal(map[string]string{"text": c.Text})
	if err != nil {
		return err
	}
	var text json.RawMessage
	if err := e.Send("/v1/schemes/"+url.PathEscape(c.Scheme)+"/draw", "application/json", bytes.NewReader(body), &text); err != nil {
		return err
	}
	var got answered
	if err := json.Unmarshal(text, &got); err != nil {
		return err
	}
	if c.Output != "" {
		err = e.Write(c.Output, bytes.NewReader(append(text, '\n')))
	}
	switch {
	case err != nil:
	case c.JSON:
		_, err = fmt.Fprintf(e.Stdout, "%s\n", text)
	default:
		_, err = io.WriteString(e.Stdout, got.words())
	}
	if err == nil && len(got.Features) > 1 {
		return e.Failed
	}
	return err
}

// mostCells bounds the cells that are printed for each piece of ground.
const mostCells = 8

func (a *answered) words() string {
	var b strings.Builder
	for _, s := range a.Sides {
		if len(s.Names) > 0 {
			fmt.Fprintf(&b, "%-6s %s\n", s.Side, strings.Join(s.Names, ", "))
		}
	}
	for i, f := range a.Features {
		p := f.Properties
		fmt.Fprintf(&b, "ground %s m², %.0f %% of its border follows what is named\n", number(p.AreaM2), 100*p.Follows)
		for _, j := range p.Joined {
			fmt.Fprintf(&b, "  joined over %s m between %s and %s\n", number(j.LengthM), j.Sides[0], j.Sides[1])
		}
		for _, cell := range p.Cells[:min(len(p.Cells), mostCells)] {
			fmt.Fprintf(&b, "  %-12s %5.1f %% of the ground, %5.1f %% of the cell\n", cell.Code, 100*cell.OfGround, 100*cell.OfCell)
		}
		if more := len(p.Cells) - mostCells; more > 0 {
			fmt.Fprintf(&b, "  and %d cells more, see --json\n", more)
		}
		if i == len(a.Features)-1 && i > 0 {
			fmt.Fprintf(&b, "%d pieces of ground lie like that: name more, or choose one of --output\n", i+1)
		}
	}
	return b.String()
}
