package open311

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/server/open311/wire"
)

// maxUpdated is of how many requests the updates are looked through at once.
const maxUpdated = 10_000

// told is an update as it is given out.
type told struct {
	id string
	update
	word string
}

// updates lists what happened to requests, the oldest first: within start_date and end_date, else within the last day.
func (a *API) updates(c *call) error {
	q := &query{size: pageSize}
	if err := q.paged(c); err != nil {
		return err
	}
	start, end, err := a.between(c)
	if err != nil {
		return err
	}
	found, err := a.changed(c, start)
	if err != nil {
		return err
	}
	var all []told
	for _, sum := range found {
		if err := c.Context().Err(); err != nil {
			return err
		}
		v, err := a.look(c, sum)
		if err != nil {
			return err
		}
		was := open
		for _, u := range v.updates {
			one := told{id: sum.ID, update: u, word: u.word(was == closed)}
			was = u.status
			if u.at = u.at.Truncate(time.Second); !u.at.Before(start) && !u.at.After(end) {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(x, y told) int {
		return cmp.Or(x.at.Compare(y.at), strings.Compare(x.id, y.id), cmp.Compare(x.number, y.number))
	})
	all = all[min(q.skip, len(all)):min(q.skip+q.size, len(all))]
	out := wire.List{Item: "request_update"}
	for _, u := range all {
		out.Values = append(out.Values, wire.Object{
			{Name: "update_id", Value: updateID(u.id, u.number)},
			{Name: "service_request_id", Value: u.id},
			{Name: "status", Value: u.word},
			{Name: "updated_datetime", Value: u.at},
			{Name: "description", Value: u.label},
			{Name: "media_url", Value: u.photo},
			{Name: "external_status_code", Value: u.state},
		})
	}
	return c.write(http.StatusOK, "service_request_updates", out)
}

// between is the time that updates are asked for: a client says both ends or none.
func (a *API) between(c *call) (start, end time.Time, err error) {
	from, to := c.query.Text("start_date"), c.query.Text("end_date")
	end = a.Now().UTC()
	if to != "" {
		if end, err = instant(to); err != nil {
			return start, end, c.refuse(http.StatusBadRequest, "end_date 必须是日期时间。", "end_date must be a time such as 2026-11-02T09:00:00Z.")
		}
	}
	start = end.Add(-24 * time.Hour)
	if from != "" {
		if start, err = instant(from); err != nil {
			return start, end, c.refuse(http.StatusBadRequest, "start_date 必须是日期时间。", "start_date must be a time such as 2026-11-02T09:00:00Z.")
		}
	}
	switch {
	case end.Before(start):
		return start, end, c.refuse(http.StatusBadRequest, "end_date 早于 start_date。", "end_date is before start_date.")
	case end.Sub(start) > window:
		return start, end, c.refuse(http.StatusBadRequest, "start_date 与 end_date 相距最多 90 天。", "start_date and end_date may be 90 days apart.")
	}
	return start, end, nil
}

// changed are the requests that changed since a time; those that changed again later are among them.
func (a *API) changed(c *call, since time.Time) ([]store.Summary, error) {
	no := false
	f := store.Filter{Private: &no, Sources: a.Settings.Sources, Updated: store.Range{From: since}}
	if id := c.query.Text("service_request_id"); id != "" {
		var out []store.Summary
		for _, one := range listed(id) {
			if sum, ok := a.shown(one); ok {
				out = append(out, sum)
			}
		}
		return out, nil
	}
	found, next, err := a.Cases.List(&f, store.ByUpdated, maxUpdated, store.Cursor{})
	if err != nil {
		return nil, err
	}
	if next != nil {
		return nil, c.refuse(http.StatusBadRequest, "这段时间的更新太多，请缩短。", fmt.Sprintf("More than %d requests changed since then: ask for less time.", maxUpdated))
	}
	return slices.DeleteFunc(found, func(s store.Summary) bool { return !a.mayShow(&s) }), nil
}
