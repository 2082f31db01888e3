package audit_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/boltstore"
	"github.com/gewu-city/gewu/data/storetest"
	"github.com/gewu-city/gewu/people/audit"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func start(t *testing.T) *storetest.Running {
	t.Helper()
	now := noon
	db, err := boltstore.Open(filepath.Join(t.TempDir(), "city.db"), boltstore.Options{Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	if err != nil {
		t.Fatal(err)
	}
	return storetest.Start(t, db)
}

// TestPages compares every way of paging with a plain list of what was written.
func TestPages(t *testing.T) {
	s := start(t)
	var all []string
	id := 0
	note := func(actor, action string) data.Change {
		id++
		c, err := audit.Entry{Time: noon, Actor: actor, Action: action, Object: fmt.Sprint("lamp/", id), Outcome: audit.Done}.Change(fmt.Sprint(id))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, actor+" "+action+" "+c.Admin.ID)
		return c
	}
	book := audit.NewBook(s)
	var middle data.Seq
	for i := range 12 {
		s.Must(t, storetest.Record(data.AdminStaff, fmt.Sprint(i), i).Put())
		middle = s.Must(t, storetest.Record(data.AdminPost, fmt.Sprint(i), i).Put(), note("account:a", "login"), note("account:b", "export"))
		if i == 5 {
			if page, _, err := book.Page(t.Context(), audit.Query{}, audit.Place{}, 100); err != nil || len(page) != 12 {
				t.Fatalf("a book that follows has %d entries, %v", len(page), err)
			}
		}
	}
	slices.Reverse(all)
	rapid.Check(t, func(r *rapid.T) {
		q := audit.Query{
			Actor:  rapid.SampledFrom([]string{"", "account:a", "account:b", "account:c"}).Draw(r, "actor"),
			Action: rapid.SampledFrom([]string{"", "login", "export"}).Draw(r, "action"),
			Object: rapid.SampledFrom([]string{"", "lamp/1", "road/"}).Draw(r, "object"),
		}
		limit := rapid.IntRange(1, 7).Draw(r, "limit")
		var want, have []string
		for _, line := range all {
			f := strings.Fields(line)
			if (q.Actor == "" || f[0] == q.Actor) && (q.Action == "" || f[1] == q.Action) && strings.HasPrefix("lamp/"+f[2], q.Object) {
				want = append(want, line)
			}
		}
		var after audit.Place
		for {
			page, next, err := book.Page(t.Context(), q, after, limit)
			if err != nil || len(page) > limit {
				r.Fatalf("page of %d: %v", len(page), err)
			}
			for _, f := range page {
				have = append(have, f.Actor+" "+f.Action+" "+f.ID)
			}
			if next == nil || len(have) > len(want) {
				break
			}
			after = *next
		}
		if !slices.Equal(have, want) {
			r.Fatalf("have %q, want %q", have, want)
		}
	})
	head, err := s.Header(t.Context(), middle)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    audit.Query
		want int
	}{{audit.Query{From: head.Recorded}, 2}, {audit.Query{To: head.Recorded}, 22}} {
		if page, _, err := book.Page(t.Context(), c.q, audit.Place{}, 100); err != nil || len(page) != c.want {
			t.Errorf("%+v: %d entries, want %d, %v", c.q, len(page), c.want, err)
		}
	}
}

func TestNotesOfReadings(t *testing.T) {
	s := start(t)
	s.Must(t, (&data.Admin{Kind: data.AdminNote, ID: "1", Body: []byte(`{"did":"read-personal","layer":"homes","ids":["h1"],"reason":"flood"}`)}).Put())
	page, _, err := audit.NewBook(s).Page(t.Context(), audit.Query{Object: "homes/"}, audit.Place{}, 9)
	if err != nil || len(page) != 1 {
		t.Fatalf("%v, %v", page, err)
	}
	if e := page[0]; e.Actor != "test" || e.Action != "read-personal" || e.Object != "homes/h1" || e.Reason != "flood" || e.Time.IsZero() {
		t.Errorf("%+v", e)
	}
}

func TestEntriesAreBounded(t *testing.T) {
	c, err := audit.Entry{Action: "login", Outcome: audit.Refused, Reason: strings.Repeat("格", 1000), Object: "a\xff"}.Change("1")
	if err != nil || len(c.Admin.Body) > 2*audit.MaxText || !utf8.Valid(c.Admin.Body) {
		t.Errorf("%d bytes, %v", len(c.Admin.Body), err)
	}
	for _, bad := range []audit.Entry{{Outcome: audit.Done}, {Action: "login"}, {Action: "login", Outcome: "maybe"}} {
		var field *data.FieldError
		if _, err := bad.Change("1"); !errors.As(err, &field) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestFlood sends far more refusals and addresses than may be kept.
func TestFlood(t *testing.T) {
	var f audit.Flood
	for i := range 5 * audit.MaxAddresses {
		for j := range 3 {
			f.Add(audit.Entry{Time: noon.Add(time.Duration(j) * time.Second), From: fmt.Sprint(i), Action: "GET /v1/accounts", Object: fmt.Sprint(j)})
		}
	}
	if early := f.Take(noon.Add(59 * time.Second)); early != nil {
		t.Fatalf("%d sums before the minute is over", len(early))
	}
	sums := f.Take(noon.Add(time.Minute))
	total := 0
	for _, e := range sums {
		total += e.Count
		if e.Outcome != audit.Refused || e.Object != "" || e.Action != "GET /v1/accounts" {
			t.Fatalf("%+v", e)
		}
	}
	if len(sums) != audit.MaxAddresses+1 || total != 15*audit.MaxAddresses {
		t.Errorf("%d entries of %d refusals", len(sums), total)
	}
	if again := f.Take(noon.Add(time.Hour)); again != nil {
		t.Errorf("taken twice: %d", len(again))
	}
}
