package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/cmd/gewu/output"
	"github.com/gewu-city/gewu/grid/cells"
)

type cellCmd struct {
	Show cellShowCmd `cmd:"" help:"The card of a cell: area, parents, totals, neighbours, bounds, roads, what lies in it." default:"withargs"`
	List cellListCmd `cmd:"" help:"All cells of a scheme with their totals, as CSV."`
}

type cellShowCmd struct {
	Scheme string `help:"Scheme of the cell." default:"unit" placeholder:"NAME"`
	Limit  int    `help:"Items of each list of features, with --json, and of buildings and entrances with staff." default:"20"`
	JSON   bool   `help:"The card as JSON." name:"json"`
	Code   string `arg:"" help:"Code of the cell."`
}

// Run prints a card.
func (cmd *cellShowCmd) Run(e *env) error {
	if cmd.Code == "" {
		return errors.New("the code of the cell is empty; gewu cell list has them all")
	}
	return withCity(e, func(ctx context.Context, c client) error {
		path := "/v1/schemes/" + url.PathEscape(cmd.Scheme) + "/cells/" + url.PathEscape(cmd.Code)
		resp, err := c.do(ctx, http.MethodGet, path, url.Values{"limit": {strconv.Itoa(cmd.Limit)}}, "", nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if cmd.JSON {
			_, err := io.Copy(e.stdout, resp.Body)
			fmt.Fprintln(e.stdout)
			return err
		}
		var card struct {
			cells.Card
			Subunits subunits `json:"subunits"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&card); err != nil {
			return err
		}
		if err := printCard(e.stdout, &card.Card); err != nil {
			return err
		}
		return card.Subunits.print(e.stdout)
	})
}

// subunits are the buildings and entrances of a cell that have staff of their own.
type subunits struct {
	Count int
	Items []struct {
		Layer, ID, Label string
		Staff            []struct{ Person, Post, Organisation string }
	}
}

func (s *subunits) print(w io.Writer) error {
	var b strings.Builder
	for _, u := range s.Items {
		for _, h := range u.Staff {
			fmt.Fprintf(&b, "  subunit     %s %s %s: %s of %s %s\n", u.Layer, u.ID, u.Label, h.Post, h.Organisation, h.Person)
		}
	}
	if more := s.Count - len(s.Items); more > 0 {
		fmt.Fprintf(&b, "  and %d subunits more, see --limit\n", more)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printCard(w io.Writer, c *cells.Card) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", c.Scheme, c.Code)
	if c.Name != "" {
		fmt.Fprintf(&b, " %s", c.Name)
	}
	if n := len(c.Namesakes); n > 0 {
		fmt.Fprintf(&b, "\n  same code   this is %s; not counted here: %s", c.ID, strings.Join(c.Namesakes[:min(n, 10)], ", "))
		if n > 10 {
			fmt.Fprintf(&b, " and %d more", n-10)
		}
	}
	fmt.Fprintf(&b, "\n  area        %.0f m², perimeter %.0f m\n", c.AreaM2, c.PerimeterM)
	for _, a := range c.Areas {
		fmt.Fprintf(&b, "  %-11s %s %s\n", a.Level, a.Code, a.Name)
	}
	if c.Households != nil {
		fmt.Fprintf(&b, "  households  %.0f\n", *c.Households)
	}
	for _, side := range []struct {
		name   string
		bounds []cells.Bound
	}{{"east", c.Sides.East}, {"south", c.Sides.South}, {"west", c.Sides.West}, {"north", c.Sides.North}} {
		names := make([]string, len(side.bounds))
		for i, b := range side.bounds {
			names[i] = fmt.Sprintf("%s (%s, %.0f %%)", b.Name, b.Kind, b.Share*100)
		}
		fmt.Fprintf(&b, "  %-11s %s\n", side.name, cmp.Or(strings.Join(names, ", "), "–"))
	}
	if text := c.Sides.Text; text.Chinese != "" {
		fmt.Fprintf(&b, "  四至        %s\n", text.Chinese)
	}
	for _, n := range c.Neighbours {
		fmt.Fprintf(&b, "  neighbour   %s %s, %.0f m\n", n.Code, n.Name, n.SharedM)
	}
	for _, r := range c.Roads {
		fmt.Fprintf(&b, "  road        %s, %.0f m, %d doors\n", r.Name, r.LengthM, r.Doors)
	}
	for _, t := range c.Totals {
		fmt.Fprintf(&b, "  %-11s %d\n", t.Layer, t.Features)
		for _, s := range t.Sums {
			fmt.Fprintf(&b, "    %s %s\n", s.Attribute, strconv.FormatFloat(s.Sum, 'f', -1, 64))
		}
		for _, class := range t.Classes {
			fmt.Fprintf(&b, "    %s %d\n", class.Class, class.Features)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type cellListCmd struct {
	Scheme string `help:"Scheme of the cells." default:"unit" placeholder:"NAME"`
	Output string `help:"File to write; standard output when not given." short:"o" placeholder:"FILE"`
}

// Run writes one row for each cell.
func (cmd *cellListCmd) Run(e *env) error {
	if err := output.Guard(e.cli.store(), cmd.Output); err != nil {
		return err
	}
	return withCity(e, func(ctx context.Context, c client) error {
		if cmd.Output == "" || cmd.Output == "-" {
			return cmd.write(ctx, c, e.stdout)
		}
		return output.Fill(ctx, cmd.Output, func(w io.Writer) error { return cmd.write(ctx, c, w) })
	})
}

func (cmd *cellListCmd) write(ctx context.Context, c client, w io.Writer) error {
	table := csv.NewWriter(w)
	query, header := url.Values{"limit": {"5000"}}, false
	for {
		var page struct {
			Cells []cells.Row `json:"cells"`
			Next  string      `json:"next"`
		}
		if err := c.read(ctx, "/v1/schemes/"+url.PathEscape(cmd.Scheme)+"/cells", query, &page); err != nil {
			return err
		}
		for i := range page.Cells {
			names, values := cellColumns(&page.Cells[i])
			if !header {
				header = true
				if err := table.Write(names); err != nil {
					return err
				}
			}
			if err := table.Write(values); err != nil {
				return err
			}
		}
		if page.Next == "" {
			table.Flush()
			return table.Error()
		}
		query.Set("cursor", page.Next)
	}
}

// cellColumns are the columns of the table and a cell's values. All cells of a scheme have the same columns.
func cellColumns(r *cells.Row) (names, values []string) {
	add := func(name, value string) { names, values = append(names, name), append(values, value) }
	add("code", r.Code)
	add("name", r.Name)
	add("area_m2", strconv.FormatFloat(r.AreaM2, 'f', -1, 64))
	for _, t := range r.Totals {
		add(t.Layer, strconv.Itoa(t.Features))
		for _, s := range t.Sums {
			add(t.Layer+"."+s.Attribute, strconv.FormatFloat(s.Sum, 'f', -1, 64))
		}
	}
	return names, values
}
