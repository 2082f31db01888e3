package planning

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/gewu-city/gewu/grid/coverage/check"
)

// Check finds the defects of cells in a file or in the city.
type Check struct {
	In       string  `help:"File of the cells, in any format of gewu import; - is standard input. Without it a scheme of the city is checked." placeholder:"FILE"`
	Outline  string  `help:"File of the area that the cells must cover, one polygon or several. Without it ground that the cells enclose must be covered, and nothing is outside." placeholder:"FILE"`
	Format   string  `help:"${formats}; told from the file name when not given." placeholder:"FORMAT"`
	CRS      string  `help:"Coordinate system of the files. Default: longitude and latitude, or what the file states." name:"crs" placeholder:"CRS"`
	ID       string  `help:"Column that names the cells. Default: the id of a feature, else its row." name:"id" placeholder:"COL"`
	Encoding string  `help:"Encoding of text, such as gb18030. Default: what the file says, else UTF-8, else a guess." placeholder:"NAME"`
	Table    string  `help:"Which table of a file that holds several." placeholder:"NAME"`
	Scheme   string  `help:"Scheme of the city to check." default:"unit" placeholder:"NAME"`
	Draft    string  `help:"Draft to check, which is checked then: its defects, and the codes that its cells get." placeholder:"DRAFT"`
	Codes    string  `help:"For --draft: rule leaves codes with the cells that have most of the old ones, drawn leaves them as they were drawn." enum:"rule,drawn" default:"rule" placeholder:"HOW"`
	At       string  `help:"As the city was at this time (RFC 3339) or date." placeholder:"T"`
	Sliver   float64 `help:"Cells narrower on average than this many metres are slivers; 0 looks for none." default:"${sliver}"`
	JSON     bool    `help:"Print one JSON line for each defect." name:"json"`
	Quiet    bool    `help:"No progress bar." short:"q"`
}

// Validate is called by the parser of the command line.
func (c *Check) Validate() error {
	switch {
	case c.Draft != "" && (c.In != "" || c.At != ""):
		return errors.New("--draft goes without --in and --at: it is checked as it is")
	case c.In == "" && (c.Outline != "" || c.ID != "" || c.Format != "" || c.Table != "" || c.CRS != "" || c.Encoding != ""):
		return errors.New("--outline, --id, --format, --table, --crs and --encoding go with --in FILE")
	case c.In != "" && c.At != "":
		return errors.New("--at is for a scheme of the city; a file has no past")
	case c.In == "-" && c.Outline == "-":
		return errors.New("only one of --in and --outline can be standard input")
	case c.Sliver < 0:
		return errors.New("--sliver: a width in metres is not negative")
	}
	return nil
}

// report is what a check found.
type report struct {
	Scheme  string         `json:"scheme"`
	Cells   int            `json:"cells"`
	Defects []check.Defect `json:"defects"`
	Left    int            `json:"left_off"`
	// wrong tells that there were rows without a polygon.
	wrong bool
}

// Run prints the defects. It fails when there are any.
func (c *Check) Run(e *Env) error {
	if c.Draft != "" {
		return checkDraft(e, c.Draft, c.Codes, c.JSON, c.Quiet)
	}
	found, err := c.find(e)
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(e.Stdout)
		for i := range found.Defects {
			if err := out.Encode(&found.Defects[i]); err != nil {
				return err
			}
		}
	} else if err := found.print(e); err != nil {
		return err
	}
	if found.wrong {
		fmt.Fprintln(e.Stderr, "the ground of rows that are no polygons was checked as if they were not there")
	}
	if len(found.Defects) > 0 || found.wrong {
		return e.Failed
	}
	return nil
}

func (c *Check) find(e *Env) (*report, error) {
	if c.In == "" {
		query := url.Values{"sliver": {fmt.Sprint(c.Sliver)}}
		if c.At != "" {
			query.Set("at", c.At)
		}
		found := &report{}
		return found, e.Ask("/v1/schemes/"+url.PathEscape(c.Scheme)+"/check", query, found)
	}
	cells, wrong, err := c.read(e, c.In, true)
	if err != nil {
		return nil, err
	}
	o := check.Options{Sliver: c.Sliver}
	if c.Outline != "" {
		areas, wrong, err := c.read(e, c.Outline, false)
		if err = cmp.Or(err, wrong); err != nil {
			return nil, err
		}
		if o.Outline, err = together(areas); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Outline, err)
		}
	}
	return &report{Cells: len(cells), Defects: check.Cells(cells, o), wrong: wrong != nil}, nil
}

// mostNames bounds the cells of one line of the table.
const mostNames = 6

func (r *report) print(e *Env) error {
	if len(r.Defects) == 0 {
		_, err := fmt.Fprintf(e.Stdout, "%d cells: no gap, no overlap, every shared edge with the same vertices\n", r.Cells)
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tAREA M²\tWIDTH M\tLON\tLAT\tCELLS")
	counts := map[check.Kind]int{}
	for _, d := range r.Defects {
		counts[d.Kind]++
		area, width := "", ""
		if d.Area > 0 {
			area, width = number(d.Area), number(d.Width)
		}
		names := d.Cells
		more := ""
		if len(names) > mostNames {
			more = fmt.Sprintf(" and %d more", len(names)-mostNames)
			names = names[:mostNames]
		}
		if d.Why != "" {
			more += ": " + d.Why
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.9f\t%.9f\t%s%s\n", d.Kind, area, width, d.Point[0], d.Point[1], strings.Join(names, " "), more)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var words []string
	for _, k := range check.Kinds() {
		if n := counts[k]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, k))
		}
	}
	if r.Left > 0 {
		words = append(words, fmt.Sprintf("%d more", r.Left))
	}
	_, err := fmt.Fprintf(e.Stdout, "%d cells: %s\n", r.Cells, strings.Join(words, ", "))
	return err
}

// number writes a figure so that small ones keep digits that tell something.
func number(v float64) string {
	return cmp.Or(strings.TrimSuffix(fmt.Sprintf("%.*f", decimals(v), v), ".0"), "0")
}

func decimals(v float64) int {
	switch {
	case v >= 100 || v == 0:
		return 0
	case v >= 1:
		return 1
	default:
		return 4
	}
}
