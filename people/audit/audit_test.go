package audit_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
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
	type line struct {
		id, actor, action, object, from, outcome string
		at                                       time.Time
		touches                                  []string
	}
	var all []line
	n := 0
	book := audit.NewBook(s)
	note := func(actor, action, from, outcome string) (data.Change, line) {
		n++
		l := line{id: fmt.Sprint(n), actor: actor, action: action, object: fmt.Sprint("lamps/", n), from: from, outcome: outcome}
		c, err := audit.Entry{Time: noon, Actor: actor, Action: action, Object: l.object, From: from, Outcome: outcome}.Change(l.id)
		if err != nil {
			t.Fatal(err)
		}
		return c, l
	}
	write := func(tx data.Tx, lines ...line) data.Seq {
		seq, err := s.Append(t.Context(), tx)
		if err != nil {
			t.Fatal(err)
		}
		s.Settle(t)
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		head, err := s.Header(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			l.at = head.Recorded
			all = append(all, l)
		}
		return seq
	}
	edit := func(actor, cause, operation, action string, ids ...string) {
		tx := data.Tx{Actor: actor, Cause: cause, Operation: operation}
		var touches []string
		for _, id := range ids {
			tx.Changes = append(tx.Changes, storetest.Put(id, int64(n)))
			touches = append(touches, "lamps/"+id)
		}
		write(tx, line{actor: actor, action: action, object: "lamps", outcome: audit.Done, touches: touches})
	}
	write(data.Tx{Actor: "local", Changes: []data.Change{storetest.Define(storetest.Lamps())}}, line{actor: "local", action: audit.Changed, object: "lamps", outcome: audit.Done})
	for i := range 8 {
		edit("account:a", "api", "", audit.Changed, "1", "2")
		edit("account:b", "import:7", fmt.Sprint("op", i), "import", fmt.Sprint(10+i))
		edit("account:b", "import:of a client", "", audit.Changed, "1")
		one, first := note("account:a", "login", "10.0.0.1", audit.Done)
		two, second := note("public", "login", "2001:db8::1", audit.Refused)
		write(data.Tx{Actor: "account:a", Changes: []data.Change{one, two}}, first, second)
		both, third := note("account:b", "erase", "10.0.1.2", audit.Done)
		write(data.Tx{Actor: "account:b", Changes: []data.Change{both, storetest.Put("3", int64(i))}}, third, line{actor: "account:b", action: audit.Changed, object: "lamps", outcome: audit.Done, touches: []string{"lamps/3"}})
		if i == 3 {
			if page, _, err := book.Page(t.Context(), audit.Query{}, audit.Place{}, 1000); err != nil || len(page) != len(all) {
				t.Fatalf("a book that follows has %d items, want %d, %v", len(page), len(all), err)
			}
		}
	}
	slices.Reverse(all)
	features := map[string]*audit.Feature{}
	for _, id := range []string{"1", "2", "3"} {
		head, ok := s.Model.Head("lamps", id)
		if !ok {
			t.Fatal("there is no lamp " + id)
		}
		features["lamps/"+id] = &audit.Feature{Layer: "lamps", Permanent: head.Permanent}
	}
	prefixes := map[string]netip.Prefix{"": {}, "10.0.0.0/16": netip.MustParsePrefix("10.0.0.0/16"), "10.0.1.2": netip.MustParsePrefix("10.0.1.2/32"), "v6": netip.MustParsePrefix("2001:db8::/32")}
	found := 0
	rapid.Check(t, func(r *rapid.T) {
		pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(r, name) }
		list := func(text string) []string {
			if text == "" {
				return nil
			}
			return strings.Split(text, ",")
		}
		q := audit.Query{
			Actors: list(pick("actors", "", "account:a", "account:a,public", "account:c")), Object: pick("object", "", "", "lamps", "lamps/1", "lamps/3", "roads", "lamps/4"),
			Actions: list(pick("actions", "", "login", "import", "change,login", "erase,import", "nothing")), Outcome: pick("outcome", "", "", audit.Done, audit.Refused),
			Address: prefixes[pick("address", "", "", "", "10.0.0.0/16", "10.0.1.2", "v6")],
		}
		q.Feature = features[q.Object]
		at := func(name string) time.Time {
			if rapid.Bool().Draw(r, name) {
				return time.Time{}
			}
			return all[rapid.IntRange(0, len(all)-1).Draw(r, name+" of")].at
		}
		q.From, q.To = at("from"), at("to")
		matches := func(l line) bool {
			object := l.object
			if l.touches != nil && q.Feature != nil {
				if !slices.Contains(l.touches, q.Object) {
					return false
				}
				object = q.Object
			}
			if q.Feature != nil && object != q.Object || !strings.HasPrefix(object, q.Object) {
				return false
			}
			from, err := netip.ParseAddr(l.from)
			return (q.Actors == nil || slices.Contains(q.Actors, l.actor)) && (q.Actions == nil || slices.Contains(q.Actions, l.action)) &&
				(q.Outcome == "" || q.Outcome == l.outcome) && (!q.Address.IsValid() || err == nil && q.Address.Contains(from)) &&
				(q.From.IsZero() || !l.at.Before(q.From)) && (q.To.IsZero() || l.at.Before(q.To))
		}
		text := func(id, actor, action string, at time.Time) string {
			return fmt.Sprint(id, " ", actor, " ", action, " ", at.UnixNano())
		}
		limit := rapid.IntRange(1, 7).Draw(r, "limit")
		var want, have []string
		for _, l := range all {
			if matches(l) {
				at := l.at
				if l.id != "" {
					at = noon
				}
				want = append(want, text(l.id, l.actor, l.action, at))
			}
		}
		var after audit.Place
		for {
			page, next, err := book.Page(t.Context(), q, after, limit)
			if err != nil || len(page) > limit {
				r.Fatalf("page of %d: %v", len(page), err)
			}
			for _, f := range page {
				have = append(have, text(f.ID, f.Actor, f.Action, f.Time))
			}
			if next == nil || len(have) > len(want) {
				break
			}
			after = *next
		}
		if !slices.Equal(have, want) {
			r.Fatalf("have\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
		}
		found += len(have)
	})
	if found == 0 {
		t.Error("nothing was ever found")
	}
}

func TestNotesOfReadings(t *testing.T) {
	s := start(t)
	s.Must(t, (&data.Admin{Kind: data.AdminNote, ID: "1", Body: []byte(`{"did":"read-personal","layer":"homes","ids":["h1"],"reason":"flood"}`)}).Put())
	book := audit.NewBook(s)
	page, _, err := book.Page(t.Context(), audit.Query{Object: "homes/"}, audit.Place{}, 9)
	if err != nil || len(page) != 1 {
		t.Fatalf("%v, %v", page, err)
	}
	if e := page[0]; e.Actor != "test" || e.Action != "read-personal" || e.Object != "homes/h1" || e.Reason != "flood" || e.Time.IsZero() {
		t.Errorf("%+v", e)
	}
	s.Must(t, (&data.Admin{Kind: data.AdminNote, ID: "2", Body: []byte(`{"did":"read-personal","layer":"homes","ids":["h1","h2"],"reason":"flood","break_glass":true,"from":"10.0.0.1"}`)}).Put())
	for object, want := range map[string]int{"homes/h1": 2, "homes/h2": 1, "homes/h": 2, "homes/h3": 0} {
		page, _, err := book.Page(t.Context(), audit.Query{Object: object}, audit.Place{}, 9)
		if err != nil || len(page) != want {
			t.Errorf("%s: %+v, %v", object, page, err)
		}
		if want > 0 && object == "homes/h2" && (!page[0].BreakGlass || page[0].From != "10.0.0.1" || len(page[0].IDs) != 2) {
			t.Errorf("%+v", page[0])
		}
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

// TestFlood sends far more refusals and addresses than may be kept, and acts of far too many accounts.
func TestFlood(t *testing.T) {
	var f audit.Flood
	for i := range 5 * audit.MaxSums {
		for j := range 3 * audit.MaxOfOne {
			at := noon.Add(time.Duration(j) * time.Second)
			f.Add(audit.Entry{Time: at, Actor: "public", From: fmt.Sprint(i), Action: "GET /v1/accounts", Object: fmt.Sprint(j), Outcome: audit.Refused})
			f.Add(audit.Entry{Time: at.Add(time.Minute), Actor: fmt.Sprint("account:", i), Action: "read-log", Object: fmt.Sprint(j), From: fmt.Sprint(j), Outcome: audit.Done})
		}
	}
	if early := f.Take(noon.Add(59 * time.Second)); early != nil {
		t.Fatalf("%d sums before the minute is over", len(early))
	}
	for minute, outcome := range []string{audit.Refused, audit.Done} {
		sums := f.Take(noon.Add(time.Duration(minute+1) * time.Minute))
		total, others := 0, 0
		for _, e := range sums {
			total += e.Count
			if e.From == audit.Others {
				others++
			}
			if e.Outcome != outcome {
				t.Fatalf("%+v", e)
			}
		}
		if most := audit.MaxSums + audit.MaxSums/audit.MaxOfOne + 1; len(sums) != most || total != 15*audit.MaxSums*audit.MaxOfOne || others != 1 {
			t.Errorf("%d entries of %d, %d of others", len(sums), total, others)
		}
	}
	if again := f.Take(noon.Add(time.Hour)); again != nil {
		t.Errorf("taken twice: %d", len(again))
	}
}

// TestFloodIsBounded adds anything in any order.
func TestFloodIsBounded(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var f audit.Flood
		n := rapid.IntRange(1, 3000).Draw(r, "entries")
		spread := rapid.SampledFrom([]int{1, 5, 50, 5000}).Draw(r, "spread")
		rnd := rand.New(rand.NewPCG(1, uint64(n)))
		text := func() string { return fmt.Sprint(rnd.IntN(spread)) }
		for range n {
			e := audit.Entry{Time: noon, Actor: text(), From: text(), Action: text(), Object: text(), Outcome: audit.Refused}
			if rnd.IntN(2) == 0 {
				e.Outcome = audit.Done
			}
			f.Add(e)
		}
		total := 0
		sums := f.Take(noon.Add(time.Minute))
		for _, e := range sums {
			total += e.Count
			if _, err := e.Change("1"); err != nil {
				r.Fatal(err)
			}
		}
		if total != n || len(sums) > 2*audit.MaxSums+2 {
			r.Fatalf("%d sums of %d, want %d", len(sums), total, n)
		}
	})
}

// TestFloodKeepsWhatIsCommon sums up entries that differ in one member.
func TestFloodKeepsWhatIsCommon(t *testing.T) {
	one := audit.Entry{Time: noon, Actor: "public", From: "10.0.0.1", Action: "login", Object: "account:a", Outcome: audit.Refused, Reason: "password"}
	for _, c := range []struct {
		change func(*audit.Entry)
		sums   int
		want   string
	}{
		{func(*audit.Entry) {}, 1, "public login account:a password"},
		{func(e *audit.Entry) { e.Reason = "locked" }, 1, "public login account:a "},
		{func(e *audit.Entry) { e.Object = "account:b" }, 2, ""},
		{func(e *audit.Entry) { e.Action = "logout" }, 2, ""},
		{func(e *audit.Entry) { e.Actor = "key:1" }, 2, ""},
		{func(e *audit.Entry) { e.From = "10.0.0.2" }, 2, ""},
		{func(e *audit.Entry) { e.Outcome = audit.Done }, 2, ""},
	} {
		var f audit.Flood
		f.Add(one)
		two := one
		c.change(&two)
		f.Add(two)
		sums := f.Take(noon.Add(time.Hour))
		if len(sums) != c.sums {
			t.Fatalf("%+v", sums)
		}
		if got := strings.Join([]string{sums[0].Actor, sums[0].Action, sums[0].Object, sums[0].Reason}, " "); c.sums == 1 && (got != c.want || sums[0].Count != 2) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	// Beyond the bound of one address, what is left says that it is of several.
	var f audit.Flood
	for i := range audit.MaxOfOne + 2 {
		e := one
		e.Object, e.Action = fmt.Sprint(i), fmt.Sprint("try ", i)
		f.Add(e)
	}
	sums := f.Take(noon.Add(time.Hour))
	rest := slices.IndexFunc(sums, func(e audit.Entry) bool { return e.Action == audit.Several })
	if len(sums) != audit.MaxOfOne+1 || rest < 0 || sums[rest].Count != 2 || sums[rest].From != "10.0.0.1" || sums[rest].Actor != "public" || sums[rest].Object != "" {
		t.Errorf("%+v", sums)
	}
}
