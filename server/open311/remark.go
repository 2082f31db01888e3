package open311

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/server/open311/wire"
)

// comment takes what somebody says about a request.
func (a *API) comment(c *call) error {
	f, key, err := a.sent(c)
	if err != nil {
		return err
	}
	id, words, status := f.Text("service_request_id"), f.Text("description"), strings.ToUpper(f.Text("status"))
	if id == "" {
		return c.refuse(http.StatusBadRequest, "缺少 service_request_id。", "service_request_id is missing.")
	}
	sum, ok := a.shown(id)
	if !ok {
		return c.refuse(http.StatusNotFound, "没有这个 service_request_id。", "There is no such service_request_id.")
	}
	if status != "" && !slices.Contains(vocabulary, status) {
		return c.refuse(http.StatusBadRequest, "status 不是 "+strings.Join(vocabulary, "、")+" 之一。", "status is none of "+strings.Join(vocabulary, ", ")+".")
	}
	if at := f.Text("updated_datetime"); at != "" {
		if _, err := instant(at); err != nil {
			return c.refuse(http.StatusBadRequest, "updated_datetime 不是日期时间。", "updated_datetime is no time.")
		}
	}
	t, ok := a.Processes().Table(sum.Process.Name, sum.Process.Version)
	if !ok {
		return fmt.Errorf("open311: case %s: its process %s, version %d, is not there", sum.ID, sum.Process.Name, sum.Process.Version)
	}
	way, ok := remark(t, sum.State)
	if !ok {
		return c.refuse(http.StatusBadRequest, "该请求目前不接受补充，请重新上报。", "Nothing can be added to this request now; please report it anew.")
	}
	var notes []string
	if status != "" {
		notes = append(notes, "status: "+status)
	}
	notes = append(notes, words)
	for _, address := range f.Texts("media_url") {
		notes = append(notes, "media_url: "+clip(address, 500))
	}
	note := strings.TrimSpace(strings.Join(notes, "\n"))
	if note == "" {
		return c.refuse(http.StatusBadRequest, "缺少 description。", "description is missing.")
	}
	if utf8.RuneCountInString(note) > cases.MaxText {
		return c.refuse(http.StatusBadRequest, "description 太长。", fmt.Sprintf("description is too long: there may be %d characters with all that belongs to it.", cases.MaxText))
	}
	command := ""
	if ref := cmp.Or(c.Header.Get("Idempotency-Key"), f.Text("update_id", "update_id_ext")); ref != "" {
		keyed := sha256.Sum256([]byte(key.ID + "\x00" + ref))
		command = Source + ":" + base32.StdEncoding.EncodeToString(keyed[:16])[:26]
	}
	if c.test {
		return a.noted(c, id, 0)
	}
	filled := cases.Form{Note: note}
	done, err := a.Desk.Do(c.Context(), &cases.Command{
		Case: id, Key: command, At: a.Now(), Actor: cases.Actor{Post: way.post}, Action: way.step.Action, Form: filled,
	})
	if err != nil {
		return c.refused(err)
	}
	return a.noted(c, id, done.Number)
}

// noted answers whoever said something.
func (a *API) noted(c *call, id string, number int) error {
	return c.write(http.StatusOK, "service_request_updates", wire.List{Item: "request_update", Values: []any{wire.Object{
		{Name: "update_id", Value: updateID(id, number)},
	}}})
}

// updateID names an event of a case.
func updateID(id string, number int) string { return id + "-" + strconv.Itoa(number) }
