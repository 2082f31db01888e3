package adapters

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/cases/notice"
)

// Hook is where a program wants to be told.
type Hook struct {
	URL string
	// Secret signs what is sent (see notice.Signature).
	Secret []byte
	// Local allows addresses of this machine and of private networks. Only administrators make such hooks: others could ask
	// for what is not theirs to see.
	Local bool
	// Template shapes what is sent, for services of SMS and chats that want a form of their own, and To is what they send it to:
	// a number, a room. Without it the body is JSON in the form of Standard Webhooks.
	Template *Template
	To       string
}

// Webhook sends messages to hooks.
type Webhook struct {
	find          func(ctx context.Context, name string) (Hook, bool)
	text          func(m *notice.Message) (subject, text string)
	now           func() time.Time
	public, local *http.Client
}

// NewWebhook sends to the hooks that find knows by the addresses of channels, what text says of a message.
func NewWebhook(find func(ctx context.Context, name string) (Hook, bool), text func(*notice.Message) (subject, text string), now func() time.Time) *Webhook {
	return &Webhook{find: find, text: text, now: now, public: client(publicOnly), local: client(nil)}
}

func client(control func(network, address string, _ syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: control}
	return &http.Client{
		// No proxy: it would reach what the dialer must not.
		Transport: &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 100, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
		// A redirect could lead anywhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close ends the connections that are kept for the next message.
func (w *Webhook) Close() {
	w.public.CloseIdleConnections()
	w.local.CloseIdleConnections()
}

// ErrPrivate says that an address was not asked because it is not of the Internet.
var ErrPrivate = errors.New("the hook has an address of this machine or of a private network")

// publicOnly refuses addresses that are not of the Internet, after names were looked up, so that no name hides one.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap().WithZone("")
	if inside, ok := carried(ip); ok {
		ip = inside
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(elsewhere, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return ErrPrivate
	}
	return nil
}

// Addresses of IPv6 that carry one of IPv4, to which a gateway of the network hands what is sent there: NAT64 (RFC 6052) and
// 6to4 (RFC 3056).
var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	sixToIV = netip.MustParsePrefix("2002::/16")
)

// carried is the address of IPv4 that one of IPv6 carries, if it does.
func carried(ip netip.Addr) (netip.Addr, bool) {
	b := ip.As16()
	switch {
	case nat64.Contains(ip):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToIV.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return ip, false
}

// elsewhere are addresses that look like those of the Internet and are not: what providers use among themselves (RFC 6598), this
// network, benchmarks and the reserved rest of IPv4, NAT64 of a network's own (RFC 8215), Teredo and IPv4-compatible addresses, which
// carry others, and unique and site-local ones.
var elsewhere = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"),
}

// body is what is sent where a hook has no template: who wants to know more asks the server, with the rights of its key.
type body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      bodyData  `json:"data"`
}

type bodyData struct {
	Case  string `json:"case"`
	Event string `json:"event"`
	Seq   uint64 `json:"seq"`
	// Subject and Text are in Lang; there is nothing personal in them.
	Lang    string `json:"lang"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// Post sends a request. Local allows addresses of this machine and of private networks; others are ErrPrivate, wrapped.
func (w *Webhook) Post(r *http.Request, local bool) (*http.Response, error) {
	if local {
		return w.local.Do(r)
	}
	return w.public.Do(r)
}

// Send posts one message with the headers webhook-id, webhook-timestamp and webhook-signature. An answer of 200 to 299
// delivers it, 410 refuses it for good, everything else may be tried again, not before Retry-After.
func (w *Webhook) Send(ctx context.Context, m *notice.Message) Outcome {
	hook, ok := w.find(ctx, m.Channel.Address)
	if !ok {
		return Outcome{What: notice.Refused, Why: "there is no such hook any more"}
	}
	now := w.now()
	request, err := w.compose(ctx, &hook, m, now)
	if err != nil {
		return Outcome{What: notice.Refused, Why: err.Error()}
	}
	answer, err := w.Post(request, hook.Local)
	switch {
	case errors.Is(err, ErrPrivate):
		return Outcome{What: notice.Refused, Why: ErrPrivate.Error()}
	case err != nil:
		return failure(err, "the hook is not reached")
	}
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // to its end, so that the connection can be used again
	_ = answer.Body.Close()                                    // nothing was written to it
	out := Outcome{What: notice.Failed, Why: fmt.Sprintf("the hook answers %d", answer.StatusCode)}
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode <= 299:
		if why, ok := hook.Template.taken(said); !ok {
			out.Why = why
			return out
		}
		return Outcome{What: notice.Delivered}
	case answer.StatusCode == http.StatusGone:
		out.What = notice.Refused
	default:
		out.After = RetryAfter(answer.Header.Get("Retry-After"), now)
	}
	return out
}

// compose is the request for a message: in the form of the template of the hook, or in that of Standard Webhooks.
func (w *Webhook) compose(ctx context.Context, h *Hook, m *notice.Message, now time.Time) (*http.Request, error) {
	lang := cmp.Or(m.Lang, "zh")
	subject, text := w.text(m)
	if h.Template != nil {
		return h.Template.request(ctx, h, &Content{
			ID: m.ID, Case: m.Case, Event: m.Event, Lang: lang, Subject: subject, Text: text, To: h.To, Made: m.Made.UTC(), Now: now.UTC(), secret: h.Secret,
		})
	}
	out, err := json.Marshal(body{Type: "case." + m.Event, Timestamp: m.Made.UTC(), Data: bodyData{Case: m.Case, Event: m.Event, Seq: uint64(m.Seq), Lang: lang, Subject: subject, Text: text}})
	if err != nil {
		return nil, err
	}
	return post(ctx, h.URL, "application/json", m.ID, h.Secret, out, now)
}

// post is a request that is signed as Standard Webhooks asks.
func post(ctx context.Context, to, kind, id string, secret, text []byte, now time.Time) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("the hook has no address that can be asked")
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("User-Agent", "gewu")
	request.Header.Set("webhook-id", id)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", notice.Signature(secret, id, now, text))
	return request, nil
}

// RetryAfter is when a header of that name wants the next try: seconds or a date (RFC 9110), zero for what is neither.
func RetryAfter(text string, now time.Time) time.Time {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds <= 1<<20 {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return at
	}
	return time.Time{}
}
