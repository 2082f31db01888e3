package notice_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/data"
)

var policy = notice.Policy{First: time.Minute, Longest: 10 * time.Minute, Factor: 2, Tries: 6, Within: time.Hour}

func message(id string) notice.Message {
	return notice.Message{ID: id, Channel: notice.Channel{Kind: "mail", Address: "a"}, Case: "C", Event: "close", Made: begin, State: notice.Waiting, Next: begin}
}

func apply(t testing.TB, m notice.Message, what notice.Happening, at time.Time) notice.Message {
	t.Helper()
	next, err := m.Apply(notice.Fact{Message: m.ID, What: what, At: at, Why: "no answer"}, policy)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestTriesGrowApartAndEnd(t *testing.T) {
	if err := policy.Check(); err != nil {
		t.Fatal(err)
	}
	m, now := message("1.0/sub-S"), begin
	var pauses []time.Duration
	for m.State == notice.Waiting {
		m = apply(t, m, notice.Failed, now)
		if m.State == notice.Waiting {
			pauses = append(pauses, m.Next.Sub(now))
			now = m.Next
		}
	}
	if m.State != notice.Dead || m.Tries != 6 || len(pauses) != 5 || m.Why != "no answer" || !m.Next.IsZero() {
		t.Fatalf("%+v after %v", m, pauses)
	}
	for i, pause := range pauses {
		low := min(time.Minute<<i, 10*time.Minute)
		if pause < low || pause > low*5/4 {
			t.Errorf("the pause %d is %s, want %s and up to a quarter more", i, pause, low)
		}
	}
	if _, err := m.Apply(notice.Fact{What: notice.Failed, At: now}, policy); err == nil || !strings.Contains(err.Error(), "is dead") {
		t.Error(err)
	}
	revived := apply(t, m, notice.Revived, now.Add(100*time.Hour))
	if revived.State != notice.Waiting || !revived.Next.Equal(now.Add(100*time.Hour)) || revived.Tries != 0 {
		t.Errorf("%+v", revived)
	}
	// The time that is given to it begins anew.
	if again := apply(t, revived, notice.Failed, revived.Next); again.State != notice.Waiting {
		t.Errorf("%+v", again)
	}
	if refused := apply(t, message("m"), notice.Refused, begin); refused.State != notice.Dead || refused.Tries != 1 {
		t.Errorf("%+v", refused)
	}
}

func TestTheOtherSideSaysWhen(t *testing.T) {
	later, err := message("m").Apply(notice.Fact{What: notice.Failed, At: begin, After: begin.Add(40 * time.Minute)}, policy)
	if err != nil || !later.Next.Equal(begin.Add(40*time.Minute)) {
		t.Errorf("%+v, %v", later, err)
	}
	never, err := message("m").Apply(notice.Fact{What: notice.Failed, At: begin, After: begin.Add(61 * time.Minute)}, policy)
	if err != nil || never.State != notice.Dead {
		t.Errorf("%+v, %v", never, err)
	}
}

func TestReceipts(t *testing.T) {
	m := apply(t, message("m"), notice.Delivered, begin)
	if _, err := message("m").Apply(notice.Fact{What: notice.Received, At: begin}, policy); err == nil {
		t.Error("a receipt for what was never sent")
	}
	done := apply(t, m, notice.Done, begin.Add(time.Hour))
	if !done.Received.Equal(begin.Add(time.Hour)) || !done.Handling.Equal(done.Received) || !done.Done.Equal(done.Received) {
		t.Errorf("%+v", done)
	}
	handling := apply(t, apply(t, m, notice.Received, begin.Add(time.Minute)), notice.Handling, begin.Add(2*time.Minute))
	if !handling.Received.Equal(begin.Add(time.Minute)) || !handling.Done.IsZero() {
		t.Errorf("%+v", handling)
	}
	if again := apply(t, handling, notice.Received, begin.Add(time.Hour)); !reflect.DeepEqual(again, handling) {
		t.Errorf("a receipt that comes twice: %+v", again)
	}
	if again := apply(t, m, notice.Delivered, begin.Add(time.Hour)); !reflect.DeepEqual(again, m) {
		t.Errorf("a delivery that comes twice: %+v", again)
	}
	// A failure that is told after the delivery is one of an earlier try.
	if again := apply(t, m, notice.Failed, begin.Add(time.Hour)); !reflect.DeepEqual(again, m) {
		t.Errorf("a failure after the delivery: %+v", again)
	}

	list := []notice.Message{m, done, handling, message("w"), apply(t, message("d"), notice.Refused, begin)}
	list[1].ID, list[2].ID = "done", "handling"
	got := notice.Count(list)
	want := notice.Tally{All: 5, Waiting: 1, Sent: 3, Dead: 1, Received: 2, Handling: 2, Done: 1, Silent: []string{"m"}, Lost: []string{"d"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	// The one that is silent is reminded after an hour, then after two more, then four.
	var reminded []time.Duration
	for minute := range 24 * 60 {
		now := begin.Add(time.Duration(minute) * time.Minute)
		for _, silent := range notice.Remind(list, now, time.Hour) {
			if silent.ID != "m" {
				t.Fatalf("%s is reminded", silent.ID)
			}
			list[0] = apply(t, list[0], notice.Reminded, now)
			reminded = append(reminded, now.Sub(begin))
		}
	}
	if want := []time.Duration{time.Hour, 3 * time.Hour, 7 * time.Hour, 15 * time.Hour}; !slices.Equal(reminded, want) {
		t.Errorf("reminded after %v, want %v", reminded, want)
	}
}

func TestFactsKeepTheOrderOfThings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, now := message("m"), begin
		for range rapid.IntRange(1, 30).Draw(t, "facts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "seconds")) * time.Second)
			what := rapid.SampledFrom([]notice.Happening{
				notice.Delivered, notice.Failed, notice.Failed, notice.Failed, notice.Refused, notice.Received, notice.Handling, notice.Done, notice.Reminded, notice.Revived, "other",
			}).Draw(t, "what")
			next, err := m.Apply(notice.Fact{What: what, At: now}, policy)
			if err != nil {
				if _, ok := errors.AsType[*data.FieldError](err); !ok || !reflect.DeepEqual(next, m) {
					t.Fatalf("%s of %+v: %+v, %v", what, m, next, err)
				}
				continue
			}
			switch {
			case m.State == notice.Sent && next.State != notice.Sent:
				t.Fatalf("%s takes a delivery back", what)
			case (next.State == notice.Waiting) != !next.Next.IsZero():
				t.Fatalf("%s: %s, tried next at %s", what, next.State, next.Next)
			case next.State == notice.Waiting && next.Next.Before(now) && what == notice.Failed:
				t.Fatalf("%s at %s: tried again before, at %s", what, now, next.Next)
			case next.Tries > policy.Tries, next.State != notice.Sent && !next.Received.IsZero(),
				next.Received.IsZero() && !next.Handling.IsZero(), next.Handling.IsZero() && !next.Done.IsZero():
				t.Fatalf("after %s: %+v", what, next)
			}
			m = next
		}
	})
}

func TestComposingAgainMakesNoNewMessages(t *testing.T) {
	what := &notice.Subject{Case: "C", Event: "close", At: begin}
	mail := notice.Channel{Kind: "mail", Address: "a"}
	subscribed := []notice.Subscription{{ID: "S1", Channel: mail}, {ID: "S2", Channel: notice.Channel{Kind: "webhook", Address: "h"}}, {ID: "S3", Channel: mail}}
	named := []notice.Recipient{{ID: "unit-7", Channel: notice.Channel{Kind: "live", Address: "u"}}, {ID: "reporter", Channel: mail}}
	list := notice.Compose(42, 1, what, subscribed, named)
	var ids []string
	for _, m := range list {
		ids = append(ids, m.ID)
		if m.State != notice.Waiting || !m.Next.Equal(begin) || m.Seq != 42 || m.Case != "C" {
			t.Errorf("%+v", m)
		}
	}
	if want := []string{"42.1/to-unit-7", "42.1/to-reporter", "42.1/sub-S2"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v: each address is told once", ids, want)
	}
	if again := notice.Compose(42, 1, what, subscribed, named); !reflect.DeepEqual(again, list) {
		t.Errorf("composed again: %v", again)
	}
}

func TestAnOutboxHoldsAMessageOnce(t *testing.T) {
	o := notice.NewOutbox()
	m := message("m")
	o.Put(m)
	later := m
	later.Next = begin.Add(time.Hour)
	o.Put(later)
	if got := o.Take(begin.Add(time.Minute), 10); len(got) != 0 || o.Len() != 1 {
		t.Errorf("tried before its time: %v", got)
	}
	if next, ok := o.Next(); !ok || !next.Equal(later.Next) {
		t.Errorf("next at %s", next)
	}
	if got := o.Take(later.Next, 10); len(got) != 1 {
		t.Errorf("handed out %d times", len(got))
	}
	o.Return("m")
	o.Return("m")
	if got := o.Take(later.Next, 10); len(got) != 1 {
		t.Errorf("given back, handed out %d times", len(got))
	}
	later.State = notice.Sent
	if o.Put(later); o.Len() != 0 {
		t.Error("what is sent waits")
	}
	if o.Return("m"); o.Len() != 0 {
		t.Error("what is sent is given back")
	}
}

// Messages are tried by a sender that dies at times, between what was done and what was noted. In the end each has been
// delivered at least once or is dead, and what was noted as delivered is not sent again.
func TestNothingWaitsForever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := map[string]notice.Message{}
		fill := func() *notice.Outbox {
			o := notice.NewOutbox()
			for _, m := range log {
				o.Put(m)
			}
			return o
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "messages") {
			m := message(fmt.Sprintf("%d.0/sub-S", i))
			log[m.ID] = m
		}
		arrived, noted := map[string]int{}, map[string]bool{}
		o, now := fill(), begin
		for round := 0; o.Len() > 0; round++ {
			if round > 1000 {
				t.Fatalf("%d messages wait after a thousand rounds", o.Len())
			}
			next, ok := o.Next()
			if !ok {
				t.Fatalf("%d messages are handed out and never answered", o.Len())
			}
			if next.After(now) {
				now = next
			}
			for _, m := range o.Take(now, rapid.IntRange(1, 4).Draw(t, "batch")) {
				if noted[m.ID] {
					t.Fatalf("%s is sent again", m.ID)
				}
				outcome := rapid.SampledFrom([]string{"delivered", "failed", "not tried", "killed after", "killed before"}).Draw(t, "outcome")
				if outcome == "not tried" {
					o.Return(m.ID)
					continue
				}
				if outcome == "delivered" || outcome == "killed after" {
					arrived[m.ID]++
				}
				if strings.HasPrefix(outcome, "killed") {
					now = now.Add(time.Second)
					o = fill()
					break
				}
				what := notice.Failed
				if outcome == "delivered" {
					what, noted[m.ID] = notice.Delivered, true
				}
				after, err := m.Apply(notice.Fact{What: what, At: now}, policy)
				if err != nil {
					t.Fatal(err)
				}
				log[m.ID] = after
				o.Put(after)
			}
		}
		for id, m := range log {
			if m.State == notice.Waiting || m.State == notice.Sent && arrived[id] == 0 {
				t.Fatalf("%+v, arrived %d times", m, arrived[id])
			}
		}
	})
}

// The vector is the example of the libraries of Standard Webhooks.
func TestSignatures(t *testing.T) {
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	const id, stamp, want = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	at, body := time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)
	if got := notice.Signature(secret, id, at, body); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	old := []byte("another")
	if err := notice.Verify([][]byte{old, secret}, id, stamp, "v1,AAAA "+want, body, at.Add(time.Minute)); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"webhook-signature": notice.Verify([][]byte{old}, id, stamp, want, body, at),
		"webhook-timestamp": notice.Verify([][]byte{secret}, id, stamp, want, body, at.Add(6*time.Minute)),
		"webhook-id":        notice.Verify([][]byte{secret}, "", stamp, want, body, at),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, wrong := range []error{
		notice.Verify([][]byte{secret}, id, "1614265331", want, body, at),
		notice.Verify([][]byte{secret}, id+"x", stamp, want, body, at),
		notice.Verify([][]byte{secret}, id, stamp, want, bytes.ToUpper(body), at),
		notice.Verify([][]byte{secret}, id, stamp, "", body, at),
		notice.Verify(nil, id, stamp, want, body, at),
		notice.Verify([][]byte{secret}, id, "now", want, body, at),
	} {
		if wrong == nil {
			t.Error("what was changed is taken")
		}
	}
}

func TestFaultsOfPolicies(t *testing.T) {
	for field, change := range map[string]func(*notice.Policy){
		"policy.first":  func(p *notice.Policy) { p.First = 0 },
		"policy.factor": func(p *notice.Policy) { p.Factor = 0.5 },
		"policy.tries":  func(p *notice.Policy) { p.Tries = 0 },
		"policy.within": func(p *notice.Policy) { p.Within = 0 },
	} {
		p := notice.Usual
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		change(&p)
		if err := p.Check(); err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%v, want %s", err, field)
		}
	}
}
