package planning

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	figures "github.com/gewu-city/gewu/grid/report"
)

// Report prints a scheme in figures.
type Report struct {
	Scheme        string  `help:"Scheme of the city." default:"unit" placeholder:"NAME"`
	At            string  `help:"As the city was at this time (RFC 3339) or date." placeholder:"T"`
	Low           float64 `help:"Fewest households that a cell should have." placeholder:"N"`
	High          float64 `help:"Most households that a cell should have." placeholder:"N"`
	Key           float64 `help:"Load, in units of the middle cell, from which a cell is proposed as key. Default: 1.5." placeholder:"X"`
	Comprehensive float64 `help:"Load from which it is proposed for comprehensive management. Default: 3." placeholder:"X"`
	Lang          string  `help:"Language of the table: en or zh." enum:"en,zh" default:"en" placeholder:"LANG"`
	JSON          bool    `help:"Print all as JSON." name:"json" xor:"as"`
	CSV           bool    `help:"Print one row for each cell." name:"csv" xor:"as"`
	Quiet         bool    `help:"No progress bar." short:"q"`
	Output        string  `help:"Write to this file: .json, .csv or .txt." short:"o" placeholder:"FILE"`
}

// Validate is called by the parser of the command line.
func (c *Report) Validate() error {
	if c.Low < 0 || c.High < c.Low {
		return errors.New("--high must be at least --low, and neither negative: the households that a cell should have")
	}
	switch strings.ToLower(filepath.Ext(c.Output)) {
	case ".json", ".csv", ".txt":
		return nil
	}
	if c.Output != "" {
		return fmt.Errorf("--output %s: the name must end in .json, .csv or .txt", c.Output)
	}
	return nil
}

// Run prints the report.
func (c *Report) Run(e *Env) error {
	query := url.Values{}
	for name, v := range map[string]float64{"low": c.Low, "high": c.High, "key": c.Key, "comprehensive": c.Comprehensive} {
		if v != 0 {
			query.Set(name, fmt.Sprint(v))
		}
	}
	if c.At != "" {
		query.Set("at", c.At)
	}
	found := &struct {
		Scheme string `json:"scheme"`
		figures.Report
	}{}
	if _, err := e.long(bar("report", c.Quiet), http.MethodGet, "/v1/schemes/"+url.PathEscape(c.Scheme)+"/report", query, "", nil, found); err != nil {
		return err
	}
	write := func(w io.Writer) error { return found.WriteText(w, c.Lang) }
	switch ext := strings.ToLower(filepath.Ext(c.Output)); {
	case c.CSV || ext == ".csv":
		write = found.WriteCSV
	case c.JSON || ext == ".json":
		write = func(w io.Writer) error { return json.NewEncoder(w).Encode(found) }
	}
	return e.put(c.Output, write)
}
