package planning

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/gewu-city/gewu/grid/reconcile"
)

// Reconcile lays two schemes on each other.
type Reconcile struct {
	Fine   string `arg:"" help:"Scheme whose cells are the finer ones."`
	Coarse string `arg:"" help:"Scheme whose cells they should make up."`
	At     string `help:"As the city was at this time (RFC 3339) or date." placeholder:"T"`
	JSON   bool   `help:"Print all as JSON." name:"json" xor:"as"`
	Quiet  bool   `help:"No progress bar." short:"q"`
	CSV    bool   `help:"Print the matrix of overlaps: fine, coarse, area_m2, of_fine, of_coarse." name:"csv" xor:"as"`
}

// Run prints which cells make up which, and where they do not. It fails when there are exceptions.
func (c *Reconcile) Run(e *Env) error {
	query := url.Values{"with": {c.Coarse}}
	if c.At != "" {
		query.Set("at", c.At)
	}
	found := &reconcile.Result{}
	_, err := e.long(bar("reconcile", c.Quiet), http.MethodGet, "/v1/schemes/"+url.PathEscape(c.Fine)+"/reconcile", query, "", nil, found)
	switch {
	case err != nil:
		return err
	case c.CSV:
		err = found.WriteCSV(e.Stdout)
	case c.JSON:
		err = json.NewEncoder(e.Stdout).Encode(found)
	default:
		err = table(e, found)
	}
	if err == nil && len(found.Exceptions) > 0 {
		return e.Failed
	}
	return err
}

func table(e *Env, r *reconcile.Result) error {
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "COARSE\tCOVERED\tFINE\tHEADS\tDEPUTIES")
	for _, g := range r.Groups {
		fmt.Fprintf(t, "%s\t%.1f %%\t%s\t%s\t%s\n", g.Coarse, 100*g.Covered, strings.Join(g.Fine, " "), strings.Join(g.Heads, ", "), strings.Join(g.Deputies, ", "))
	}
	if len(r.Exceptions) > 0 {
		fmt.Fprintln(t, "\nEXCEPTION\tMOSTLY IN\tSHARE\tELSEWHERE M²\tNOBODY'S M²")
	}
	for _, x := range r.Exceptions {
		mostly := x.Coarse
		if mostly == "" {
			mostly = "–"
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f %%\t%s\t%s\n", x.Fine, mostly, 100*x.Share, number(x.OffendingM2), number(x.NobodysM2))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Stdout, "%d cells of %s on %d of %s: %d exceptions\n", r.FineCells, r.Fine, r.CoarseCells, r.Coarse, len(r.Exceptions))
	return err
}
