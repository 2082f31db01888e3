package intake

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/duplicate"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo/proj"
	"github.com/gewu-city/gewu/server/rest"
)

// book is a desk that takes whatever could be kept.
type book struct{ t testing.TB }

func (b *book) Key(name string) (key, id string, err error) { return "k" + name, "c" + name, nil }

func (b *book) Take(_ context.Context, _, id string, f *cases.Form, contact map[string]string, _ bool) (*cases.Done, error) {
	if err := f.Check(); err != nil {
		b.t.Errorf("a form that cannot be kept comes to the desk: %v", err)
	}
	if _, err := cases.Encode(&cases.Event{Case: "A", Number: 1, Action: "report", To: "submitted", Form: *f}); err != nil {
		return nil, rest.Faults(rest.Invalid, "form.", err).Because(err)
	}
	for _, text := range contact {
		if text != strings.TrimSpace(text) || text == "" {
			b.t.Errorf("a contact has %q", text)
		}
	}
	return &cases.Done{Event: &cases.Event{Case: id}, Case: cases.NewCase()}, nil
}

func (b *book) Alike(context.Context, string, *cases.Form, *cases.Position) ([]duplicate.Match, error) {
	return nil, nil
}

var fuzzNow = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// FuzzRows brings any bytes as a file of any format: each row becomes a report that can be kept or a fault with a reason, and
// neither a reference to whoever reported nor a way to reach them comes into an answer.
func FuzzRows(f *testing.F) {
	systems := proj.Systems{}
	crs, err := systems.Lookup("EPSG:4326")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(0), []byte("工单号,上报时间,类别,描述,经度,纬度,来源,电话\n1,2026-11-01,0110,x,121,25,hotline,13800138000\n2,,,\n"))
	f.Add(byte(1), []byte("{\"external\":1,\"description\":\"x\",\"source\":\"hotline\",\"lon\":121.5,\"lat\":25,\"phone\":\"13800138000\"}\n[]\n{\"描述\":{}}\n"))
	f.Add(byte(0), []byte("description;source;kind;class\nx;hotline;事件;暴露垃圾\n"))
	f.Add(byte(2), []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, which byte, text []byte) {
		format := formats[int(which)%len(formats)]
		if which == 0 {
			format = formatCSV
		}
		columns, err := NewColumns(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		file, err := spool.Copy(strings.NewReader(string(text)), false, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		told := 0
		im := &importer{mapper: mapper{Options: Options{Contacts: true, CRS: crs, Zone: time.UTC, Now: func() time.Time { return fuzzNow }, Part: func(string) (cases.Part, cases.Position, bool) {
			return cases.Part{Layer: "p", ID: "1"}, cases.Position{}, true
		}}, classes: newClassBook(class.Default())}, desk: &book{t: t}, columns: columns, file: "f"}
		im.send = func(e Event) {
			switch {
			case e.Row != nil:
				told++
			case e.Wrong != nil:
				if told++; e.Wrong.Why == "" {
					t.Errorf("%+v has no reason", e.Wrong)
				}
				if named(e.Wrong.Field).personal() && e.Wrong.Value != "" {
					t.Errorf("%+v tells who reported", e.Wrong)
				}
			}
		}
		err = im.run(t.Context(), func(out row.Sink) error {
			return readRows(t.Context(), format, file, row.Options{}, 1<<16, out)
		})
		if sum := im.sum; sum.Taken+sum.Repeated+sum.Failed != told || err == nil && told != sum.Rows {
			t.Errorf("%+v, %d told, %v", sum, told, err)
		}
	})
}

// TestColumns finds columns by their names, and by what somebody said.
func TestColumns(t *testing.T) {
	for i := range spellings {
		for _, name := range spellings[i].names {
			if got := named(strings.ToUpper(name)); got != spellings[i].field {
				t.Errorf("%s is %q, want %s", name, got, spellings[i].field)
			}
		}
	}
	for _, tc := range []struct {
		maps, ignore []string
		columns      string
		want         string
	}{
		{nil, nil, "ID,Report Time,描述,Lon", ",reported,description,lon"},
		{[]string{"ID=external"}, nil, "ID,描述", "external,description"},
		{[]string{"正文=description"}, nil, "描述,正文", ",description"},
		{[]string{"正文=description"}, nil, "正文,描述", "description,"},
		{nil, []string{"描述"}, "描述,正文", ","},
		{nil, nil, "描述,内容", "two"},
		{[]string{"a=lon", "b=lon"}, nil, "a,b", "two"},
	} {
		c, err := NewColumns(tc.maps, tc.ignore)
		if err != nil {
			t.Fatal(err)
		}
		got := "two"
		if h, fault := c.read(strings.Split(tc.columns, ",")); fault == nil {
			var all []string
			for _, f := range h.fields {
				all = append(all, string(f))
			}
			got = strings.Join(all, ",")
		}
		if got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}

// TestTimes reads times as files have them.
func TestTimes(t *testing.T) {
	m := &mapper{Options: Options{Zone: time.FixedZone("", 8*3600)}}
	for text, want := range map[string]string{
		"2026-11-01T08:30:00+08:00": "2026-11-01T08:30:00+08:00", "2026-11-01 08:30:00Z": "2026-11-01T16:30:00+08:00", "2026-11-01T08:30:00": "2026-11-01T08:30:00+08:00",
		"2026-11-01  08:30": "2026-11-01T08:30:00+08:00", "2026-11-01": "2026-11-01T00:00:00+08:00", "2026/1/5 8:30": "2026-01-05T08:30:00+08:00", "2026年1月5日 08:30": "2026-01-05T08:30:00+08:00",
		"20260105": "2026-01-05T00:00:00+08:00", "5.1.2026": "", "2026-13-01": "", "24:00": "", "45000": "",
	} {
		got := ""
		if at, ok := m.time(text); ok {
			got = at.In(m.Zone).Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
