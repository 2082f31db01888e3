package open311

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/open311/form"
	"github.com/gewu-city/gewu/server/open311/service"
	"github.com/gewu-city/gewu/server/open311/wire"
)

// Source is the source of cases that come in here.
const Source = "open311"

// report takes a request: a case begins.
func (a *API) report(c *call) error {
	f, key, err := a.sent(c)
	if err != nil {
		return err
	}
	list, _, err := a.list()
	if err != nil {
		return err
	}
	code := f.Text("service_code")
	s, ok := list.Find(code)
	switch {
	case code == "":
		return c.refuse(http.StatusBadRequest, "缺少 service_code。", "service_code is missing.")
	case !ok:
		return c.refuse(http.StatusNotFound, "没有这个 service_code："+code, "There is no service_code "+code+".")
	}
	t, ok := a.Processes().Newest(a.Process)
	if !ok {
		return fmt.Errorf("open311: there is no process %q", a.Process)
	}
	way, ok := entry(t)
	if !ok {
		return c.refuse(http.StatusBadRequest, "本市的流程不接受外部上报。", "The process of this city takes no reports from outside.")
	}
	filled, row, err := a.filled(c, f, s)
	if err != nil {
		return err
	}
	id, command, err := a.identity(c, f, key)
	if err != nil {
		return err
	}
	filled.External, filled.Client = external(f, key), client(c, key)
	notice := s.Notice(row, c.lang)
	if c.test {
		notice = c.say("测试：请求无误，没有保存。", "Test: the request is right, and nothing was kept. ") + notice
		return a.taken(c, "test-"+id, notice)
	}
	for _, file := range f.Files {
		if a.Files == nil {
			return c.refuse(http.StatusBadRequest, "本服务器不接收文件。", "This server takes no files.")
		}
		kept, err := a.Files.Keep(c.Request, key, file.Data)
		if err != nil {
			return c.refused(fmt.Errorf("%s: %w", file.Field, err))
		}
		filled.Before = append(filled.Before, kept)
	}
	if who := contact(f); who != (Contact{}) && a.Contacts != nil {
		var mail bool
		if filled.Reporter, mail, err = a.Contacts.Seal(c.Context(), id, who); err != nil {
			return err
		}
		if mail && who.Email != "" {
			notice = strings.TrimSpace(notice + c.say("进展会发送到您的邮箱。", " You will be told by mail how it goes on."))
		}
	}
	way.fit(filled)
	done, err := a.Desk.Do(c.Context(), &cases.Command{
		Case: id, Key: command, At: a.Now(), Actor: cases.Actor{Post: way.post}, Action: way.step.Action, Form: *filled,
	})
	if err != nil {
		return c.refused(err)
	}
	return a.taken(c, done.Case.ID, notice)
}

// taken answers whoever reported.
func (a *API) taken(c *call, id, notice string) error {
	return c.write(http.StatusOK, "service_requests", wire.List{Item: "request", Values: []any{wire.Object{
		{Name: "service_request_id", Value: id}, {Name: "service_notice", Value: notice}, {Name: "account_id", Value: nil},
	}}})
}

// sent reads the body of a request and who sends it.
func (a *API) sent(c *call) (*form.Form, Key, error) {
	f, err := form.Parse(c.Header.Get("Content-Type"), c.Body, a.limits())
	if err != nil {
		return nil, Key{}, err
	}
	f.Query(c.URL.Query())
	if err := a.meant(c, f.Text("jurisdiction_id")); err != nil {
		return nil, Key{}, err
	}
	key, err := a.Keys.Key(c.Request, f.Text("api_key"))
	switch {
	case errors.Is(err, ErrKey) && f.Text("api_key") == "":
		return nil, Key{}, c.refuse(http.StatusForbidden, "缺少 api_key。", "api_key is missing.")
	case errors.Is(err, ErrKey):
		return nil, Key{}, c.refuse(http.StatusForbidden, "api_key 无效或已过期。", "The api_key is not valid, or not any more.")
	case errors.Is(err, ErrScope):
		return nil, Key{}, c.refuse(http.StatusForbidden, "这个 api_key 无权上报。", "This api_key may not report.")
	case err != nil:
		return nil, Key{}, err
	}
	if key.Notice != "" {
		c.w.Header().Set("Warning", `299 - "`+strings.Map(printable, key.Notice)+`"`)
	}
	return f, key, nil
}

// printable keeps a text within a quoted string of a header.
func printable(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' {
		return ' '
	}
	return r
}

// references are the fields in which clients send their own number of a report.
var references = []string{"client_reference", "attribute[client_reference]", "attribute[fixmystreet_id]", "attribute[external_id]"}

// identity is the id of the case that a request becomes, and the key of its command: the same when a client sends it again
// with an Idempotency-Key, or with its own number of the report.
func (a *API) identity(c *call, f *form.Form, key Key) (id, command string, err error) {
	given := c.Header.Get("Idempotency-Key")
	if ref := f.Text(references...); given == "" && ref != "" {
		given = ref + "\x00" + device(f)
	}
	if given == "" {
		id, err = a.NewID()
		return id, "", err
	}
	sum := sha256.Sum256([]byte(key.ID + "\x00" + given))
	text := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:16])[:26])
	return text, Source + ":" + text, nil
}

func device(f *form.Form) string { return f.Text("device_id", "deviceid") }

func external(f *form.Form, key Key) []cases.External {
	if ref := f.Text(references...); ref != "" {
		return []cases.External{{System: Source + ":" + key.ID, ID: clip(ref, 200)}}
	}
	return nil
}

// client is the program through which a request came, as far as that is nobody's personal matter.
func client(c *call, key Key) string {
	return clip(strings.TrimSpace(key.ID+" "+c.UserAgent()), 200)
}

// contact is who reports, as far as the form says.
func contact(f *form.Form) Contact {
	return Contact{
		Name:  clip(strings.TrimSpace(f.Text("first_name")+" "+f.Text("last_name")), 200),
		Email: clip(f.Text("email"), 254), Phone: clip(f.Text("phone"), 60), Account: clip(f.Text("account_id"), 200), Device: clip(device(f), 200),
	}
}

// clip is a text of at most so many characters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// filled is what a request fills in, but for files and who reports, with the row of limits that was picked. Its errors say
// all that is wrong at once.
func (a *API) filled(c *call, f *form.Form, s *service.Service) (*cases.Form, int, error) {
	out := &cases.Form{Source: Source, Class: &cases.Class{Edition: s.Key.Edition, Kind: string(s.Key.Kind), Code: s.Key.Code}}
	var wrong []wire.Error
	add := func(err error) error {
		if one, ok := errors.AsType[*fault](err); ok && one.status == http.StatusBadRequest {
			wrong = append(wrong, one.all...)
			return nil
		}
		return err
	}
	out.Description = cmp.Or(strings.ReplaceAll(f.Text("description"), "\r\n", "\n"), s.Name.In(c.lang, s.Code))
	if n := utf8.RuneCountInString(out.Description); n > cases.MaxDescription {
		_ = add(c.refuse(http.StatusBadRequest, fmt.Sprintf("description 有 %d 字，最多 %d 字。", n, cases.MaxDescription), fmt.Sprintf("description has %d characters; there may be %d.", n, cases.MaxDescription)))
	}
	if err := add(a.place(c, f, out)); err != nil {
		return nil, 0, err
	}
	row, notes, err := a.answers(c, f, s, out)
	if err := add(err); err != nil {
		return nil, 0, err
	}
	for _, address := range f.Texts("media_url") {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(address) > 500 {
			_ = add(c.refuse(http.StatusBadRequest, "media_url 必须是 http 或 https 地址。", "media_url must be an address of http or https of at most 500 characters."))
			continue
		}
		notes = append(notes, "media_url: "+address)
	}
	if len(wrong) > 0 {
		return nil, 0, &fault{http.StatusBadRequest, wrong}
	}
	out.Note = clip(strings.Join(notes, "\n"), cases.MaxText)
	return out, row, nil
}

// point is the place that lat and long say, false if neither is given.
func (c *call) point(f *form.Form) (cases.Position, bool, error) {
	lat, long := f.Text("lat"), f.Text("long", "lon", "lng")
	if lat == "" && long == "" {
		return cases.Position{}, false, nil
	}
	y, errY := strconv.ParseFloat(lat, 64)
	x, errX := strconv.ParseFloat(long, 64)
	if errY != nil || errX != nil || !(math.Abs(y) <= 90) || !(math.Abs(x) <= 180) {
		return cases.Position{}, false, c.refuse(http.StatusBadRequest, "lat 和 long 必须都是 WGS 84 的度数。", "lat and long must both be there, as degrees of WGS 84.")
	}
	return cases.Position{Lon: x, Lat: y}, true, nil
}

// place finds out where the matter is: by coordinates, by the code of a part or a door, by words. Coordinates count where
// several are given.
func (a *API) place(c *call, f *form.Form, out *cases.Form) error {
	at, given, err := c.point(f)
	if err != nil {
		return err
	}
	code, words := f.Text("address_id"), f.Text("address_string", "address")
	if strings.HasPrefix(code, "#") {
		code = "" // #NOTPINPOINTED# says that there is none
	}
	if n := utf8.RuneCountInString(words); n > cases.MaxText {
		return c.refuse(http.StatusBadRequest, "address_string 太长。", fmt.Sprintf("address_string has more than %d characters.", cases.MaxText))
	}
	out.Address, out.AddressID = words, clip(code, cases.MaxText)
	if code != "" {
		named, ok, err := a.Places.Named(c.Context(), code)
		switch {
		case err != nil:
			return err
		case !ok && !given && words == "":
			return c.refuse(http.StatusBadRequest, "没有编码为 "+code+" 的部件或地址。", "There is no part and no address with the code "+code+".")
		case ok:
			if named.Part != nil {
				out.Parts = append(out.Parts, *named.Part)
			}
			out.Address = cmp.Or(out.Address, named.Address)
			if !given {
				at, given = named.At, true
			}
		}
	}
	if !given && words != "" {
		found, ok, err := a.Places.Geocode(c.Context(), words)
		if err != nil {
			return err
		}
		if !ok {
			return c.refuse(http.StatusBadRequest, "无法确定地址“"+clip(words, 60)+"”的位置。", "It is not certain where “"+clip(words, 60)+"” is.")
		}
		at, given = found, true
	}
	if !given {
		return c.refuse(http.StatusBadRequest, "缺少位置：需要 lat 和 long，或 address_string，或 address_id。", "The place is missing: lat and long, or address_string, or address_id.")
	}
	out.Point = &at
	return a.inside(c, at)
}

// answers takes the answers to the questions of a service: those of gewu into the form, the others as notes. Answers to
// questions that nobody asked are left out, since clients send what they have.
func (a *API) answers(c *call, f *form.Form, s *service.Service, out *cases.Form) (row int, notes []string, err error) {
	given := f.Attributes()
	var wrong []wire.Error
	fail := func(zh, en string) { wrong = append(wrong, c.refuse(http.StatusBadRequest, zh, en).all...) }
	for i := range s.Attributes {
		q := &s.Attributes[i]
		values := given[q.Code]
		if q.Info {
			continue
		}
		if len(values) == 0 {
			if q.Required {
				fail(q.Code+" required（必填）："+q.Description.In("zh", q.Code), q.Code+" required: "+q.Description.In("en", q.Code))
			}
			continue
		}
		words, zh, en := understood(q, values, c.lang)
		if en != "" {
			fail(q.Code+"："+zh, q.Code+": "+en)
			continue
		}
		switch q.Code {
		case service.Condition:
			// The keys of the choices are the numbers of the rows.
			row, out.Class.Row = s.Row(values[0]), values[0]
		case service.Part:
			if err := a.part(c, values[0], out); err != nil {
				return 0, nil, err
			}
		default:
			notes = append(notes, clip(q.Description.In(a.Settings.Lang, q.Code)+": "+strings.Join(words, ", "), 500))
		}
	}
	if len(wrong) > 0 {
		return 0, nil, &fault{http.StatusBadRequest, wrong}
	}
	return row, notes, nil
}

// part is the part of which the code was given; a code that nobody knows is an error, since plates are read wrong.
func (a *API) part(c *call, code string, out *cases.Form) error {
	named, ok, err := a.Places.Named(c.Context(), code)
	if err != nil {
		return err
	}
	if !ok || named.Part == nil {
		return c.refuse(http.StatusBadRequest, "没有编码为 "+clip(code, 60)+" 的部件。", "There is no part with the code "+clip(code, 60)+".")
	}
	if !slices.Contains(out.Parts, *named.Part) {
		out.Parts = append(out.Parts, *named.Part)
	}
	return nil
}

// understood is what the answers to a question mean for people, or what is wrong with them.
func understood(q *service.Attribute, values []string, lang string) (words []string, zh, en string) {
	if len(values) > 1 && q.Datatype != service.MultiList {
		return nil, "只能有一个回答。", "there may be one answer only."
	}
	for _, v := range values {
		word := v
		switch q.Datatype {
		case service.Number:
			if n, err := strconv.ParseFloat(v, 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
				return nil, "必须是数字。", "must be a number."
			}
		case service.Datetime:
			if _, err := instant(v); err != nil {
				return nil, "必须是日期时间，例如 2026-11-02T09:00:00Z。", "must be a time such as 2026-11-02T09:00:00Z."
			}
		case service.SingleList, service.MultiList:
			i := slices.IndexFunc(q.Values, func(o service.Choice) bool { return o.Key == v })
			if i < 0 {
				return nil, "没有选项“" + clip(v, 60) + "”。", "has no choice " + strconv.Quote(clip(v, 60)) + "."
			}
			word = q.Values[i].Name.In(lang, v)
		}
		words = append(words, word)
	}
	return words, "", ""
}

// instant reads a time as clients send it: RFC 3339, where a + may have become a space on its way; without a zone in UTC; or
// a date.
func instant(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if day, zone, ok := strings.Cut(s, " "); ok && strings.Contains(day, "T") {
		s = day + "+" + zone
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly, time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &data.FieldError{Field: "time", Value: clip(s, 60), Why: "must be a time such as 2026-11-02T09:00:00Z"}
}
