package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/data"
)

// Versions of the encoding of events: a new layout takes a new number and the old ones stay readable. Version 2 is version
// 1 with the member reported, version 3 with the member picture; events without them are written as version 1, which older
// programs read.
const (
	eventVersion    = 1
	reportedVersion = 2
	pictureVersion  = 3
)

// Bounds of an event.
const (
	MaxDescription = 4000 // characters, as Open311 has it
	MaxText        = 2000 // characters of any other text
	MaxFiles       = 20
	MaxParts       = 20
	MaxUnits       = 20
	MaxFields      = 100
	MaxExternal    = 20
	MaxEventBytes  = 256 << 10

	firstYear, lastYear = 1900, 9999 // of a time at which something was reported
)

type versioned struct {
	V int `json:"v"`
	*Event
}

// Encode is the event as it is kept in the log: a JSON object whose first member is the version of the encoding. The
// error is a *data.FieldError if it is larger than [MaxEventBytes].
func Encode(e *Event) ([]byte, error) { return AppendEvent(nil, e) }

// AppendEvent appends what [Encode] makes of an event to dst. The error is that of Encode, and dst is then returned as it was.
func AppendEvent(dst []byte, e *Event) ([]byte, error) {
	b, told, err := appendTell(dst, e)
	if !told && err == nil {
		b, err = appendPlain(dst, e)
	}
	if err != nil {
		return dst, fmt.Errorf("encode event %d of case %s: %w", e.Number, e.Case, err)
	}
	if size := len(b) - len(dst); size > MaxEventBytes {
		return dst, &data.FieldError{Field: "event", Value: strconv.Itoa(size), Why: fmt.Sprintf("is larger than %d bytes", MaxEventBytes)}
	}
	return b, nil
}

// appendPlain is AppendEvent for any event.
func appendPlain(dst []byte, e *Event) ([]byte, error) {
	v := versioned{V: eventVersion, Event: e}
	if !e.Form.Reported.IsZero() {
		v.V = reportedVersion
	}
	if e.Picture != "" {
		v.V = pictureVersion
	}
	b, err := json.Marshal(v)
	return append(dst, b...), err
}

// Decode reads what [Encode] wrote. The error wraps [data.ErrFormat].
func Decode(b []byte) (*Event, error) {
	v := versioned{Event: &Event{}}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: event: %w", data.ErrFormat, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows the event", data.ErrFormat)
	}
	if v.V < eventVersion || v.V > pictureVersion {
		return nil, fmt.Errorf("%w: event has version %d, this program reads up to %d", data.ErrFormat, v.V, pictureVersion)
	}
	if v.Case == "" || v.Number < 1 || v.To == "" || v.Action == "" {
		return nil, fmt.Errorf("%w: event without case, number, action or state", data.ErrFormat)
	}
	return v.Event, nil
}

// What a source and a reference to whoever reported may look like. Events are never erased, so what may be a telephone or
// identity card number does not come in; its value is in no error either.
var (
	sourcePattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	referencePattern = regexp.MustCompile(`^[0-9._:/-]{0,63}[A-Za-z][A-Za-z0-9._:/-]{0,63}$`)
	manyDigits       = regexp.MustCompile(`[0-9]{10}`)
)

// FormError says what is filled in and cannot be kept. It wraps a *data.FieldError, which says so in English.
type FormError struct {
	data.FieldError
	// ZH is why, in Chinese.
	ZH string
}

// Unwrap is the field with the reason in English.
func (e *FormError) Unwrap() error { return &e.FieldError }

// Check sees that what is filled in can be kept: texts within their bounds, a place on earth, files with a hash. The error
// is a *[FormError].
func (f *Form) Check() error {
	wrong := func(field, value, why, zh string) error {
		return &FormError{FieldError: data.FieldError{Field: field, Value: value, Why: why}, ZH: zh}
	}
	many := func(field string, n, most int) error {
		return wrong(field, strconv.Itoa(n), fmt.Sprintf("are more than %d", most), fmt.Sprintf("超过 %d 项", most))
	}
	texts := map[string]string{
		"source": f.Source, "address": f.Address, "address_id": f.AddressID, "unit": f.Unit, "person": f.Person, "into": f.Into,
		"reason": f.Reason, "note": f.Note, "reporter": f.Reporter, "client": f.Client,
	}
	for field, text := range f.Fields {
		texts["fields."+field] = text
	}
	for field, text := range texts {
		if utf8.RuneCountInString(text) > MaxText || !utf8.ValidString(text) {
			return wrong(field, clip(text), fmt.Sprintf("must be valid text of at most %d characters", MaxText), fmt.Sprintf("须为不超过 %d 字的有效文字", MaxText))
		}
	}
	switch {
	case utf8.RuneCountInString(f.Description) > MaxDescription || !utf8.ValidString(f.Description):
		return wrong("description", clip(f.Description), fmt.Sprintf("must be valid text of at most %d characters", MaxDescription), fmt.Sprintf("须为不超过 %d 字的有效文字", MaxDescription))
	case len(f.Fields) > MaxFields:
		return many("fields", len(f.Fields), MaxFields)
	case len(f.Units) > MaxUnits:
		return many("units", len(f.Units), MaxUnits)
	case len(f.Parts) > MaxParts:
		return many("parts", len(f.Parts), MaxParts)
	case !f.Reported.IsZero() && (f.Reported.Year() < firstYear || f.Reported.Year() > lastYear):
		return wrong("reported", f.Reported.Format(time.RFC3339), "must be a time from 1900 on", "须为 1900 年以后的时间")
	case len(f.External) > MaxExternal:
		return many("external", len(f.External), MaxExternal)
	case f.Class != nil && f.Class.Code == "":
		return wrong("class", "", "has no code: GET /v1/classes lists them", "没有类别代码：可查 GET /v1/classes")
	case f.Source != "" && !sourcePattern.MatchString(f.Source) || manyDigits.MatchString(f.Source):
		return wrong("source", "", "must be the name of a door for reports, such as hotline or 12345: 1 to 32 of a-z, 0-9, - and _", "须为受理渠道名称，如 hotline、12345：1 至 32 个 a-z、0-9、- 和 _")
	case f.Reporter != "" && (len(f.Reporter) > 64 || !referencePattern.MatchString(f.Reporter)) || manyDigits.MatchString(f.Reporter):
		return wrong("reporter", "", "must be a reference of another system, 1 to 64 of A-Z, a-z, 0-9 and .:/_- with a letter: names, telephone and identity card numbers do not come into cases", "须为其他系统中的举报人编号，1 至 64 个 A-Z、a-z、0-9 和 .:/_-，至少含一个字母：姓名、电话和证件号不进入案件")
	}
	if p := f.Point; p != nil && (!(math.Abs(p.Lon) <= 180) || !(math.Abs(p.Lat) <= 90) || !(p.Accuracy >= 0) || math.IsInf(p.Accuracy, 0)) {
		return wrong("point", fmt.Sprintf("%g %g", p.Lon, p.Lat), "must be a longitude and a latitude in degrees, with an accuracy of 0 m or more", "须为以度计的经度、纬度，精度不小于 0 米")
	}
	for _, x := range f.External {
		if x.ID == "" || utf8.RuneCountInString(x.ID) > MaxText/10 || len(x.System) > MaxText/10 || !utf8.ValidString(x.System+x.ID) {
			return wrong("external", clip(x.ID), fmt.Sprintf("must have a number of 1 to %d characters", MaxText/10), fmt.Sprintf("须有 1 至 %d 字的编号", MaxText/10))
		}
	}
	for _, p := range f.Parts {
		if p.Layer == "" || p.ID == "" {
			return wrong("parts", p.Layer+"/"+p.ID, "must name layer and id", "须写明图层和编号")
		}
	}
	for _, q := range f.Quantity {
		if math.IsNaN(q.Number) || math.IsInf(q.Number, 0) || q.Unit == "" {
			return wrong("quantity", fmt.Sprint(q.Number), "must be a number with a unit", "须为带单位的数")
		}
	}
	for field, files := range map[string][]File{"before": f.Before, "after": f.After, "voice": f.Voice} {
		if len(files) > MaxFiles {
			return many(field, len(files), MaxFiles)
		}
		for _, one := range files {
			if len(one.Hash) != 64 || strings.Trim(one.Hash, "0123456789abcdef") != "" || one.Size < 0 {
				return wrong(field, one.Hash, "must be named by the SHA-256 of its content in small hexadecimal digits: POST /v1/attachments says it", "须以文件内容的 SHA-256（小写十六进制）命名：POST /v1/attachments 会给出")
			}
		}
	}
	return nil
}

// clip shortens a text for an error.
func clip(s string) string {
	if len(s) <= 80 {
		return strings.ToValidUTF8(s, "�")
	}
	return strings.ToValidUTF8(s[:80], "") + "…"
}

// Filled are the names of the fields that are filled in, as processes name them.
func (f *Form) Filled() []string {
	var out []string
	add := func(name string, is bool) {
		if is {
			out = append(out, name)
		}
	}
	add("source", f.Source != "")
	add("description", f.Description != "")
	add("address", f.Address != "" || f.AddressID != "")
	add("point", f.Point != nil)
	add("class", f.Class != nil)
	add("parts", len(f.Parts) > 0)
	add("before", len(f.Before) > 0)
	add("after", len(f.After) > 0)
	add("voice", len(f.Voice) > 0)
	add("quantity", len(f.Quantity) > 0)
	add("unit", f.Unit != "")
	add("units", len(f.Units) > 0)
	add("person", f.Person != "")
	add("until", !f.Until.IsZero())
	add("into", f.Into != "")
	add("reason", f.Reason != "")
	add("note", f.Note != "")
	for name, value := range f.Fields {
		add(name, value != "")
	}
	return out
}
