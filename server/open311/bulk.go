package open311

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/server/open311/wire"
	"github.com/gewu-city/gewu/server/rest"
)

// bulk lists requests as a table, by the proposal GeoReport Bulk: CSV or JSON, with the filters of requests.
func (a *API) bulk(c *call) error {
	if c.format == "xml" {
		if c.URL.Path[strings.LastIndexByte(c.URL.Path, '/'):] == "/bulk.xml" {
			return c.refuse(http.StatusNotFound, "只有 csv 和 json。", "There are csv and json only.")
		}
		c.format = "csv"
	}
	q, err := a.asked(c)
	if err != nil {
		return err
	}
	found, err := a.find(q)
	if err != nil {
		return err
	}
	rows := wire.List{Item: "request"}
	for _, sum := range found {
		if err := c.Context().Err(); err != nil {
			return err
		}
		v, err := a.look(c, sum)
		if err != nil {
			return err
		}
		rows.Values = append(rows.Values, v.line())
	}
	if c.format == "json" {
		return c.write(http.StatusOK, "service_requests", rows)
	}
	body, err := table(rows)
	if err != nil {
		return err
	}
	c.w.Header().Add("Vary", "Accept-Language")
	c.w.Header().Set("Content-Disposition", `attachment; filename="requests.csv"`)
	return rest.WriteBody(c.w, c.Request, http.StatusOK, "text/csv; charset=utf-8", body)
}

// row is a view as a row of the table.
func (v *view) line() wire.Object {
	var lat, long any
	if p := v.sum.Point; p != nil {
		lat, long = p.Lat, p.Lon
	}
	group := ""
	if v.service != nil {
		group = v.service.Key.Code
	}
	return wire.Object{
		{Name: "service_request_id", Value: v.sum.ID},
		{Name: "requested_datetime", Value: v.sum.Opened},
		{Name: "updated_datetime", Value: v.sum.Updated},
		{Name: "closed_date", Value: v.sum.Rested},
		{Name: "status_description", Value: v.status},
		{Name: "status_notes", Value: v.label},
		{Name: "source", Value: v.sum.Source},
		{Name: "service_name", Value: v.serviceName},
		{Name: "service_subtype", Value: group},
		{Name: "description", Value: v.description},
		{Name: "agency_responsible", Value: v.agency},
		{Name: "address", Value: v.address},
		{Name: "lat", Value: lat},
		{Name: "long", Value: long},
	}
}

// columns are the names of a row.
func columns() []string {
	var names []string
	for _, m := range (&view{}).line() {
		names = append(names, m.Name)
	}
	return names
}

// table is rows as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
func table(rows wire.List) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	all := [][]string{columns()}
	for _, one := range rows.Values {
		var cells []string
		row, _ := one.(wire.Object)
		for _, m := range row {
			cells = append(cells, cell(m.Value))
		}
		all = append(all, cells)
	}
	err := w.WriteAll(all)
	return b.Bytes(), err
}

func cell(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(time.RFC3339)
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	}
	return ""
}
