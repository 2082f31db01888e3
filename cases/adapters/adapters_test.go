package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/people/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var policy = notice.Policy{First: 20 * time.Millisecond, Longest: 40 * time.Millisecond, Factor: 2, Tries: 4, Within: time.Hour}

// log keeps messages and facts in memory, and refuses at times.
type log struct {
	mu       sync.Mutex
	messages map[string]notice.Message
	facts    []notice.Fact
	refuse   int // so many facts
}

func (l *log) Note(_ context.Context, f notice.Fact) (notice.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse > 0 {
		l.refuse--
		return notice.Message{}, errors.New("the disk is full")
	}
	m, err := l.messages[f.Message].Apply(f, policy)
	if err != nil {
		return m, err
	}
	l.messages[f.Message], l.facts = m, append(l.facts, f)
	return m, nil
}

func (l *log) get(id string) notice.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.messages[id]
}

// post runs a courier until all messages are sent or dead.
func post(t *testing.T, senders map[string]adapters.Sender, l *log) {
	t.Helper()
	o := notice.NewOutbox()
	for _, m := range l.messages {
		o.Put(m)
	}
	c := adapters.NewCourier(o, senders, l, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for deadline := time.Now().Add(30 * time.Second); o.Len() > 0; c.Wake() {
		if time.Now().After(deadline) {
			t.Errorf("%d messages wait", o.Len())
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func message(id, kind, address string) notice.Message {
	now := time.Now()
	return notice.Message{ID: id, Channel: notice.Channel{Kind: kind, Address: address}, Case: "C1", Event: "close", Seq: 42, Made: now, State: notice.Waiting, Next: now}
}

func keep(list ...notice.Message) *log {
	l := &log{messages: map[string]notice.Message{}}
	for _, m := range list {
		l.messages[m.ID] = m
	}
	return l
}

// box is a mail server: what it received, and how often it says to come again.
type box struct {
	mu    sync.Mutex
	texts map[string]string
	busy  int
}

func (b *box) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{box: b}, nil }

type visit struct {
	*box
	to string
}

func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }
func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such box"}
	}
	if v.busy > 0 {
		v.busy--
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "come again"}
	}
	v.to = to
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.texts[v.to] = string(text)
	return err
}

func TestMailReachesAServer(t *testing.T) {
	b := &box{texts: map[string]string{}, busy: 1}
	server := smtp.NewServer(b)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	defer func() {
		server.Close()
		<-ended
	}()
	mailer, err := mail.New("smtp://"+listener.Addr().String(), "gewu@city.example", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{"li": "li@city.example", "nobody": "nobody@city.example"}
	sender := &adapters.Mail{
		Mailer:  mailer,
		Address: func(_ context.Context, name string) (string, bool) { to, ok := addresses[name]; return to, ok },
		Text: func(m *notice.Message) (subject, text string) {
			return "案件 " + m.Case, "Case " + m.Case + ": " + m.Event
		},
	}
	l := keep(message("1.0/a", "mail", "li"), message("1.0/b", "mail", "nobody"), message("1.0/c", "mail", "gone"), message("1.0/d", "pigeon", "li"))
	post(t, map[string]adapters.Sender{"mail": sender}, l)
	if m := l.get("1.0/a"); m.State != notice.Sent || m.Tries != 2 {
		t.Errorf("%+v: a mail server that was busy once", m)
	}
	if text := b.texts["li@city.example"]; !strings.Contains(text, "Case C1: close") || !strings.Contains(text, "Subject: =?utf-8?b?") {
		t.Errorf("mail: %q", text)
	}
	for id, why := range map[string]string{"1.0/b": "the mail server answers 550", "1.0/c": "nobody reads mail there any more", "1.0/d": "there is no way to channels of the kind pigeon"} {
		if m := l.get(id); m.State != notice.Dead || m.Tries != 1 || m.Why != why {
			t.Errorf("%+v, want %s", m, why)
		}
	}
	// A server that is not there.
	server.Close()
	l = keep(message("2.0/a", "mail", "li"))
	post(t, map[string]adapters.Sender{"mail": sender}, l)
	if m := l.get("2.0/a"); m.State != notice.Dead || m.Tries != policy.Tries || m.Why != "the mail server is not reached" {
		t.Errorf("%+v", m)
	}
}

func TestHooksAreSignedAndTriedAgain(t *testing.T) {
	secret := []byte("0123456789abcdef")
	var mu sync.Mutex
	got, answers := map[string][]string{}, map[string][]int{"/busy": {503, 429}, "/gone": {410}, "/broken": {500, 500, 500, 500, 500}, "/moved": {302, 302, 302, 302}}
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if err := notice.Verify([][]byte{secret}, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body, time.Now()); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path] = append(got[r.URL.Path], r.Header.Get("Content-Type")+" "+string(body))
		if list := answers[r.URL.Path]; len(list) > 0 {
			answers[r.URL.Path] = list[1:]
			if list[0] == http.StatusFound {
				w.Header().Set("Location", "/elsewhere")
			}
			if list[0] == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "1")
			}
			w.WriteHeader(list[0])
		}
	}))
	defer hooks.Close()
	sms, err := adapters.NewTemplate(&adapters.TemplateText{ContentType: "text/plain; charset=utf-8", Body: `案件{{.Case}}：{{.Event}}`})
	if err != nil {
		t.Fatal(err)
	}
	find := func(_ context.Context, name string) (adapters.Hook, bool) {
		switch name {
		case "none":
			return adapters.Hook{}, false
		case "/sms":
			return adapters.Hook{URL: hooks.URL + name, Secret: secret, Local: true, Template: sms}, true
		case "/guarded":
			return adapters.Hook{URL: hooks.URL + name, Secret: secret}, true
		case "/named": // a name that leads to this machine
			return adapters.Hook{URL: strings.Replace(hooks.URL, "127.0.0.1", "localhost", 1) + name, Secret: secret}, true
		}
		return adapters.Hook{URL: hooks.URL + name, Secret: secret, Local: true}, true
	}
	var list []notice.Message
	for i, name := range []string{"/good", "/busy", "/gone", "/broken", "/moved", "/sms", "/guarded", "/named", "none"} {
		list = append(list, message(fmt.Sprintf("%d.0/sub-S", i), "webhook", name))
	}
	l := keep(list...)
	hook := adapters.NewWebhook(find, says, time.Now)
	defer hook.Close()
	post(t, map[string]adapters.Sender{"webhook": hook}, l)
	for i, want := range []struct {
		state notice.State
		tries int
		why   string
	}{
		{notice.Sent, 1, ""},
		{notice.Sent, 3, ""},
		{notice.Dead, 1, "the hook answers 410"},
		{notice.Dead, 4, "the hook answers 500"},
		{notice.Dead, 4, "the hook answers 302"},
		{notice.Sent, 1, ""},
		{notice.Dead, 1, "the hook has an address of this machine or of a private network"},
		{notice.Dead, 1, "the hook has an address of this machine or of a private network"},
		{notice.Dead, 1, "there is no such hook any more"},
	} {
		if m := l.get(list[i].ID); m.State != want.state || m.Tries != want.tries || m.Why != want.why {
			t.Errorf("%s: %+v, want %+v", m.Channel.Address, m, want)
		}
	}
	if want := `application/json {"type":"case.close","timestamp":"`; !strings.HasPrefix(got["/good"][0], want) || !strings.HasSuffix(got["/good"][0], `,"data":{"case":"C1","event":"close","seq":42,"lang":"zh","subject":"C1","text":"C1：close"}}`) {
		t.Errorf("body: %s", got["/good"][0])
	}
	if want := "text/plain; charset=utf-8 案件C1：close"; got["/sms"][0] != want {
		t.Errorf("body: %s, want %s", got["/sms"][0], want)
	}
	if len(got["/guarded"])+len(got["/named"])+len(got["/elsewhere"]) > 0 {
		t.Error("a hook of the public has reached this machine")
	}
	// Retry-After is longer than the pause of the policy.
	var busy []time.Time
	for _, f := range l.facts {
		if f.Message == list[1].ID {
			busy = append(busy, f.At)
		}
	}
	if len(busy) != 3 || busy[2].Sub(busy[1]) < 900*time.Millisecond {
		t.Errorf("tried at %v", busy)
	}
}

// says is what messages say.
func says(m *notice.Message) (subject, text string) { return m.Case, m.Case + "：" + m.Event }

// counter delivers everything and counts.
type counter struct {
	mu   sync.Mutex
	sent map[string]int
	slow bool
}

func (c *counter) Send(ctx context.Context, m *notice.Message) adapters.Outcome {
	if c.slow {
		<-ctx.Done()
		return adapters.Outcome{What: notice.Failed, Why: "cut short"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[m.ID]++
	return adapters.Outcome{What: notice.Delivered}
}

func TestWhatIsCutShortWasNotTried(t *testing.T) {
	l := keep(message("1.0/a", "slow", "x"))
	o := notice.NewOutbox()
	o.Put(l.get("1.0/a"))
	c := adapters.NewCourier(o, map[string]adapters.Sender{"slow": &counter{slow: true}}, l, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for next := true; next; _, next = o.Next() { // until it is taken
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, waits := o.Next(); !waits || len(l.facts) != 0 {
		t.Errorf("facts %v", l.facts)
	}
}

func TestALogThatRefusesLosesNothing(t *testing.T) {
	l := keep(message("1.0/a", "count", "x"))
	l.refuse = 1
	o := notice.NewOutbox()
	o.Put(l.get("1.0/a"))
	sender := &counter{sent: map[string]int{}}
	c := adapters.NewCourier(o, map[string]adapters.Sender{"count": sender}, l, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for o.Len() > 0 {
		c.Wake() // the disk has room again
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if l.get("1.0/a").State != notice.Sent || sender.sent["1.0/a"] != 2 {
		t.Errorf("%+v, sent %d times", l.get("1.0/a"), sender.sent["1.0/a"])
	}
}
