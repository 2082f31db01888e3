package test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/test/flow"
)

// platform is a demonstration that exchanges cases with another one.
type platform struct {
	*flow.Player
	t        *testing.T
	server   *server
	dir      string
	port     int
	now      time.Time
	starting []string
	// other is the one that it exchanges cases with.
	other *platform
}

// aPort is a port that nothing listens on now.
func aPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func newPlatform(t *testing.T, profile string, begin time.Time) *platform {
	t.Helper()
	p := &platform{t: t, dir: t.TempDir(), port: aPort(t), now: begin}
	p.starting = []string{"demo", "--profile", profile, "--data", p.dir, "--listen", "127.0.0.1:" + strconv.Itoa(p.port), "--clock", "virtual=" + begin.Add(-time.Minute).Format(time.RFC3339)}
	p.start()
	password, err := os.ReadFile(filepath.Join(p.dir, "demo-password"))
	if err != nil {
		t.Fatal(err)
	}
	p.Player = &flow.Player{Base: p.server.url, Password: strings.TrimSpace(string(password)), Cases: map[string]string{}, Move: func(ctx context.Context, to time.Time) error {
		out, err := exec.CommandContext(ctx, gewu, "clock", "set", to.Format(time.RFC3339), "--data", p.dir).CombinedOutput()
		if err != nil {
			return fmt.Errorf("gewu clock set: %w: %s", err, out)
		}
		p.now = to
		return nil
	}}
	return p
}

func (p *platform) start() { p.server = startServer(p.t, p.starting...) }

// play plays steps; they begin a minute after the last ones.
func (p *platform) play(steps string) {
	p.t.Helper()
	text := "story 交换 Exchange\nbegin " + p.now.Add(time.Minute).In(zone).Format("2006-01-02 15:04") + "\n\n" + steps
	story, err := flow.Parse(text)
	if err == nil {
		err = p.Play(p.t.Context(), story)
	}
	if err != nil {
		p.t.Fatalf("%s\n%v", text, err)
	}
}

var zone = time.FixedZone("CST", 8*60*60)

// later moves the clock on, so that what waits to be tried again is due.
func (p *platform) later(by time.Duration) {
	p.t.Helper()
	if err := p.Move(p.t.Context(), p.now.Add(by)); err != nil {
		p.t.Fatal(err)
	}
}

// exchanged is a case as much as the exchange is about.
type exchanged struct {
	ID, State, Source, Description, Unit string
	Counts                               map[string]int
	Elsewhere                            []struct{ Peer, Number, Way string }
	Photos                               struct{ Before, After []struct{ Hash string } }
}

// see is a case as somebody of the platform sees it.
func (p *platform) see(id string) (is exchanged) {
	p.t.Helper()
	if err := p.Ask(p.t.Context(), "admin", http.MethodGet, "/v1/cases/"+id, nil, &is); err != nil {
		p.t.Fatalf("case %s: %v", id, err)
	}
	return is
}

// happening is an event of a case.
type happening struct {
	Number int
	Action string
	Form   struct{ Reason, Note string }
	Via    *struct {
		Peer, Kind string
		Number     int
	}
}

func (p *platform) events(id string) []happening {
	p.t.Helper()
	var list struct{ Events []happening }
	if err := p.Ask(p.t.Context(), "admin", http.MethodGet, "/v1/cases/"+id+"/events", nil, &list); err != nil {
		p.t.Fatal(err)
	}
	return list.Events
}

// until waits until something is so, which may take a message of the other one: its clock goes on, so that what was not taken is
// tried again.
func (p *platform) until(what string, is func() bool) {
	p.t.Helper()
	deadline, next := time.Now().Add(150*time.Second), time.Now().Add(5*time.Second)
	for ; !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(next) {
			p.other.later(5 * time.Minute)
			next = time.Now().Add(2 * time.Second)
		}
		if time.Now().After(deadline) {
			for _, side := range []*platform{p, p.other} {
				var waits, dead any
				_ = side.Ask(p.t.Context(), "admin", http.MethodGet, "/v1/outbox", nil, &waits)
				_ = side.Ask(p.t.Context(), "admin", http.MethodGet, "/v1/outbox?state=dead", nil, &dead)
				p.t.Logf("waiting %v\ndead %v", waits, dead)
			}
			p.t.Fatalf("it is not so that %s", what)
		}
	}
}

// numbered finds the case with a number in another system.
func (p *platform) numbered(number string) (id string) {
	p.t.Helper()
	p.until("there is a case with the number "+number, func() bool {
		var list struct{ Cases []struct{ ID string } }
		if err := p.Ask(p.t.Context(), "wang", http.MethodGet, "/v1/cases?external="+url.QueryEscape(number), nil, &list); err != nil {
			p.t.Fatal(err)
		}
		if len(list.Cases) > 1 {
			p.t.Fatalf("%d cases with one number", len(list.Cases))
		}
		if len(list.Cases) == 1 {
			id = list.Cases[0].ID
		}
		return id != ""
	})
	return id
}

func (p *platform) state(name, state string) {
	p.t.Helper()
	id := p.Cases[name]
	p.until(name+" is "+state, func() bool { return p.see(id).State == state })
}

// peer makes another platform known to this one, by an organisation, and returns the secret if one is made.
func (p *platform) peer(id, title string, to *platform, we, secret string) string {
	p.t.Helper()
	if err := p.Ask(p.t.Context(), "admin", http.MethodPut, "/v1/organisations/"+id, object{"title": object{"zh": title, "en": title}, "level": "department"}, nil); err != nil {
		p.t.Fatal(err)
	}
	dir := p.t.TempDir()
	file := filepath.Join(dir, "peer.toml")
	text := fmt.Sprintf("title = { zh = %q, en = %q }\nurl = \"http://127.0.0.1:%d/v1/exchange/%s\"\nlocal = true\norganisation = %q\n", title, title, to.port, we, id)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	args := []string{"case", "peer", "set", id, "--file", file, "--data", p.dir}
	if secret != "" {
		key := filepath.Join(dir, "secret")
		if err := os.WriteFile(key, []byte(secret+"\n"), 0o600); err != nil {
			p.t.Fatal(err)
		}
		args = append(args, "--secret-file", key)
	}
	cmd := exec.CommandContext(p.t.Context(), gewu, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("gewu case peer set: %v\n%s", err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// post sends a message as the platform with a secret does.
func (p *platform) post(peer, secret, id string, at time.Time, message object) (status int, name, text string) {
	p.t.Helper()
	body, err := json.Marshal(message)
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		p.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	req, err := http.NewRequest(http.MethodPost, p.server.url+"/v1/exchange/"+peer, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var problem struct{ Refusal struct{ Name string } }
	_ = json.Unmarshal(raw, &problem)
	return resp.StatusCode, problem.Refusal.Name, string(raw)
}

// once sees that no message was done twice.
func (p *platform) once(id string) {
	p.t.Helper()
	seen := map[int]bool{}
	for _, e := range p.events(id) {
		if e.Via == nil || e.Via.Number == 0 {
			continue
		}
		if seen[e.Via.Number] {
			p.t.Errorf("message %d about %s was done twice", e.Via.Number, id)
		}
		seen[e.Via.Number] = true
	}
}

const handled = `chen take $cover -> handling
after 20m
chen feedback $cover -> reported
    after = %s
    note = %s
qian pass $cover -> to-inspect
wang inspect-ask $cover -> inspecting
    person = S-103
after 10m
li inspect-pass $cover -> to-close
    after = %s
zhao close $cover -> closed
`

// TestExchange has a city hand a case down to a district, which handles it: its result flows back up, fails the check of the
// city, is handled again and closed on both sides. Between that each of the two is killed, and is not there when the other one
// has something to say.
func TestExchange(t *testing.T) {
	if testing.Short() {
		t.Skip("starts two cities")
	}
	begin := time.Date(2026, 11, 2, 9, 0, 0, 0, zone)
	city, district := newPlatform(t, "dongcheng-2004", begin), newPlatform(t, "dongcheng-2004", begin)
	city.other, district.other = district, city
	secret := city.peer("east", "东城区平台", district, "city", "")
	if !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("no secret is printed: %s", secret)
	}
	if again := district.peer("city", "市平台", city, "east", secret); again != "" {
		t.Fatalf("a secret that is known is printed: %s", again)
	}
	for _, side := range []struct{ dir, peer string }{{city.dir, "east"}, {district.dir, "city"}} {
		if out := mustRun(t, "case", "peer", "test", side.peer, "--data", side.dir); !strings.Contains(out, "messages arrive") {
			t.Fatal(out)
		}
	}

	// Down.
	city.play(`li report $cover -> submitted
    source = collector
    description = 南松乐路污水井盖丢失
    class = part 0102
    point = 116.4013745 39.9489923
    before = near
wang accept $cover -> accepted
zhao register $cover -> registered
    class = part 0102 1
qian dispatch $cover -> assigned
    unit = east
    until = 2026-11-05 18:00
`)
	up := city.Cases["cover"]
	down := district.numbered(up)
	district.Cases["cover"] = down
	got := district.see(down)
	if got.State != "submitted" || got.Source != "collector" || got.Description != "南松乐路污水井盖丢失" || len(got.Photos.Before) != 1 || len(got.Elsewhere) != 1 || got.Elsewhere[0].Peer != "city" || got.Elsewhere[0].Number != up || got.Elsewhere[0].Way != "from" {
		t.Fatalf("handed down: %+v", got)
	}
	if id := city.numbered(down); id != up {
		t.Fatalf("the city finds %s by the number %s", id, down)
	}

	// It goes on below, and above.
	district.play("wang accept $cover -> accepted\nzhao register $cover -> registered\n    class = part 0102 1\nqian dispatch $cover -> assigned\n    unit = water-bureau\n")
	city.state("cover", "handling")
	city.play("feng press $cover -> handling\n    reason = 群众再次来电，请尽快\n")
	district.until("it is pressed", func() bool { return district.see(down).Counts["press"] == 1 })

	// The city is killed before the result comes, and is not there for a while.
	city.server.kill()
	district.play(fmt.Sprintf(handled, "replaced", "已补齐", "checked"))
	city.start()
	city.state("cover", "reported")
	if is := city.see(up); len(is.Photos.After) != 2 {
		t.Fatalf("the result has %d photos", len(is.Photos.After))
	}

	// The check of the city fails while the district is not there.
	district.server.kill()
	city.play(`qian pass $cover -> to-inspect
wang inspect-ask $cover -> inspecting
    person = S-103
li inspect-fail $cover -> handling
    after = loose
    reason = 井盖松动
`)
	district.start()
	district.state("cover", "registered")
	if is := district.see(down); is.Counts["reopen"] != 1 {
		t.Fatalf("given back: %+v", is)
	}

	// Again, and it is killed at once when the result is on its way.
	district.play("qian dispatch $cover -> assigned\n    unit = water-bureau\n" + fmt.Sprintf(handled, "fixed", "已固定", "checked-again"))
	district.server.kill()
	district.start()
	city.state("cover", "reported")
	city.play("qian pass $cover -> to-inspect\nwang inspect-ask $cover -> inspecting\n    person = S-103\nafter 10m\nli inspect-pass $cover -> to-close\n    after = firm\nzhao close $cover -> closed\n")
	district.until("the city's last word is there", func() bool {
		events := district.events(down)
		last := events[len(events)-1]
		return last.Via != nil && last.Via.Kind == "close"
	})
	if is := district.see(down); is.State != "closed" {
		t.Errorf("below it is %s", is.State)
	}
	city.once(up)
	district.once(down)
	kinds := []string{}
	for _, e := range district.events(down) {
		if e.Via != nil {
			kinds = append(kinds, e.Via.Kind)
		}
	}
	if want := []string{"hand", "press", "return", "close"}; !slices.Equal(kinds, want) {
		t.Errorf("the district was told %v, want %v", kinds, want)
	}

	handUp(t, district, city)
	badMessages(t, district, secret, up)
	if out := mustRun(t, "case", "peer", "list", "--data", district.dir); !strings.Contains(out, "市平台") || !strings.Contains(out, "/v1/exchange/east") {
		t.Error(out)
	}
	if out := mustRun(t, "case", "peer", "show", "city", "--data", district.dir); !strings.Contains(out, `"secrets": 1`) || strings.Contains(out, strings.TrimPrefix(secret, "whsec_")) {
		t.Error(out)
	}
	mustRun(t, "case", "peer", "remove", "city", "--data", district.dir)
	if status, _, text := district.post("city", secret, "m-9", time.Now(), object{"version": 1, "kind": "ping"}); status != 404 {
		t.Errorf("a peer that was removed: %d %s", status, text)
	}
	// Secrets are nowhere but in the file of the peers.
	for _, p := range []*platform{city, district} {
		if log := p.server.log.String(); strings.Contains(log, secret) {
			t.Error("the secret is in the log of the process")
		}
		p.server.stop()
	}
}

// handUp has the district hand a case up, which the city does: what is done comes back down.
func handUp(t *testing.T, district, city *platform) {
	t.Helper()
	district.play(`li report $lamp -> submitted
    source = collector
    description = 市管桥梁护栏损坏
    class = part 0102
    point = 116.4013745 39.9489923
wang accept $lamp -> accepted
zhao register $lamp -> registered
    class = part 0102 1
qian hand-city $lamp -> assigned
    unit = city
    reason = 市管设施
`)
	city.Cases["lamp"] = city.numbered(district.Cases["lamp"])
	// It is not handed back to where it came from.
	city.play("wang accept $lamp -> accepted\nzhao register $lamp -> registered\n    class = part 0102 1\nqian dispatch $lamp refused 422\n    unit = east\nqian dispatch $lamp -> assigned\n    unit = water-bureau\n")
	district.state("lamp", "handling")
	city.play(strings.ReplaceAll(fmt.Sprintf(handled, "mended", "已修复", "seen"), "$cover", "$lamp"))
	district.state("lamp", "reported")
	district.play("qian pass $lamp -> to-inspect\nwang inspect-ask $lamp -> inspecting\n    person = S-103\nli inspect-pass $lamp -> to-close\n    after = mended-too\nzhao close $lamp -> closed\n")
	city.until("the district's last word is there", func() bool {
		events := city.events(city.Cases["lamp"])
		last := events[len(events)-1]
		return last.Via != nil && last.Via.Kind == "close"
	})
	city.once(city.Cases["lamp"])
	district.once(district.Cases["lamp"])
}

// badMessages sends what cannot be: each has its refusal, and nothing happens.
func badMessages(t *testing.T, p *platform, secret, known string) {
	t.Helper()
	now := time.Now()
	message := func(kind, number string, n, after int, more object) object {
		m := object{"version": 1, "kind": kind, "case": number, "number": n, "after": after}
		maps.Copy(m, more)
		return m
	}
	fresh := message("hand", "SZ-2026-1", 1, 0, object{"description": "路灯不亮", "text": "请处理", "point": object{"lon": 116.4013745, "lat": 39.9489923}})
	wrong := "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 32))
	for _, test := range []struct {
		name, secret string
		at           time.Time
		message      object
		status       int
		refusal      string
	}{
		{"wrong signature", wrong, now, fresh, 401, "not-signed"},
		{"old", secret, now.Add(-time.Hour), fresh, 401, "not-signed"},
		{"from the future", secret, now.Add(time.Hour), fresh, 401, "not-signed"},
		{"unknown case", secret, now, message("press", "SZ-0", 2, 1, nil), 404, "unknown-case"},
		{"handed over again", secret, now, message("hand", known, 100000, 0, object{"description": "x"}), 409, "handed-over"},
		{"out of order", secret, now, message("press", known, 100001, 100000, nil), 409, "out-of-order"},
		{"too late", secret, now, message("press", known, 1, 0, nil), 409, "too-late"},
		{"unknown kind", secret, now, message("sing", known, 100000, 0, nil), 422, ""},
		{"no description", secret, now, message("hand", "SZ-2", 1, 0, nil), 422, ""},
		{"not what a closed case takes", secret, now, message("return", "nothing", 100000, 0, object{"yours": "nothing"}), 404, "unknown-case"},
	} {
		if status, name, text := p.post("city", test.secret, "m-"+test.name, test.at, test.message); status != test.status || name != test.refusal {
			t.Errorf("%s: %d %s, want %d %s\n%s", test.name, status, name, test.status, test.refusal, text)
		}
	}
	status, _, first := p.post("city", secret, "m-1", now, fresh)
	if status != 200 {
		t.Fatalf("%d %s", status, first)
	}
	if _, _, second := p.post("city", secret, "m-1", now, fresh); second != first {
		t.Errorf("a message that comes again is answered %s, and was %s", second, first)
	}
	fresh["description"] = "路灯坏了"
	if status, name, text := p.post("city", secret, "m-1", now, fresh); status != 409 || name != "number-used" {
		t.Errorf("%d %s %s", status, name, text)
	}
	if status, _, text := p.post("nobody", secret, "m-2", now, fresh); status != 404 {
		t.Errorf("an unknown peer: %d %s", status, text)
	}
}
