package adapters

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"text/template"
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
	// Body, with its ContentType, writes the body from the members of notice.Message, for services of SMS and chats that
	// want a form of their own. Without it the body is JSON in the form of Standard Webhooks.
	Body        *template.Template
	ContentType string
}

// Webhook sends messages to hooks.
type Webhook struct {
	find          func(ctx context.Context, name string) (Hook, bool)
	now           func() time.Time
	public, local *http.Client
}

// NewWebhook sends to the hooks that find knows by the addresses of channels.
func NewWebhook(find func(ctx context.Context, name string) (Hook, bool), now func() time.Time) *Webhook {
	return &Webhook{find: find, now: now, public: client(publicOnly), local: client(nil)}
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

var errPrivate = errors.New("the hook has an address of this machine or of a private network")

// publicOnly refuses addresses that are not of the Internet, after names were looked up, so that no name hides one.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip) {
		return errPrivate
	}
	return nil
}

// shared is what providers use among themselves (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

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
}

// Send posts one message with the headers webhook-id, webhook-timestamp and webhook-signature. An answer of 200 to 299
// delivers it, 410 refuses it for good, everything else may be tried again, not before Retry-After.
func (w *Webhook) Send(ctx context.Context, m *notice.Message) Outcome {
	hook, ok := w.find(ctx, m.Channel.Address)
	if !ok {
		return Outcome{What: notice.Refused, Why: "there is no such hook any more"}
	}
	text, kind, err := hook.compose(m)
	if err != nil {
		return Outcome{What: notice.Refused, Why: "the template of the hook fails: " + err.Error()}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(text))
	if err != nil {
		return Outcome{What: notice.Refused, Why: "the hook has no address that can be asked"}
	}
	now := w.now()
	request.Header.Set("Content-Type", kind)
	request.Header.Set("User-Agent", "gewu")
	request.Header.Set("webhook-id", m.ID)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", notice.Signature(hook.Secret, m.ID, now, text))
	from := w.public
	if hook.Local {
		from = w.local
	}
	answer, err := from.Do(request)
	switch {
	case errors.Is(err, errPrivate):
		return Outcome{What: notice.Refused, Why: errPrivate.Error()}
	case err != nil:
		return failure(err, "the hook is not reached")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	_ = answer.Body.Close()                                         // nothing was written to it
	out := Outcome{What: notice.Failed, Why: fmt.Sprintf("the hook answers %d", answer.StatusCode)}
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode <= 299:
		return Outcome{What: notice.Delivered}
	case answer.StatusCode == http.StatusGone:
		out.What = notice.Refused
	default:
		out.After = retryAfter(answer.Header.Get("Retry-After"), now)
	}
	return out
}

func (h *Hook) compose(m *notice.Message) (text []byte, kind string, err error) {
	if h.Body == nil {
		text, err = json.Marshal(body{Type: "case." + m.Event, Timestamp: m.Made.UTC(), Data: bodyData{Case: m.Case, Event: m.Event, Seq: uint64(m.Seq)}})
		return text, "application/json", err
	}
	var out bytes.Buffer
	if err = h.Body.Execute(&out, m); err != nil {
		return nil, "", err
	}
	kind = h.ContentType
	if kind == "" {
		kind = "application/json"
	}
	return out.Bytes(), kind, nil
}

// retryAfter reads seconds or a date (RFC 9110); what is neither says nothing.
func retryAfter(text string, now time.Time) time.Time {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds <= 1<<20 {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return at
	}
	return time.Time{}
}
