package casework_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
)

// provider is a service of SMS or of a chat, as its makers describe it: it checks the signature and the form, and answers 200
// to everything.
func provider(t *testing.T, name, secret string, refuse *bool) http.HandlerFunc {
	t.Helper()
	sum := func(key, text string) []byte {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var said struct {
			MsgType   string `json:"msgtype"`
			Feishu    string `json:"msg_type"`
			Timestamp string
			Sign      string
			To, Text  string
			Content   struct{ Text string }
			Inner     struct{ Content string } `json:"text"`
		}
		if name == "sms" {
			err = json.Unmarshal(body, &struct{ To, Text *string }{&said.To, &said.Text})
		} else {
			err = json.Unmarshal(body, &said)
		}
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, body)
		}
		if strings.Contains(string(body), secret) || strings.Contains(r.URL.RawQuery, secret) {
			t.Errorf("%s: the secret is sent: %s %s", name, r.URL, body)
		}
		q := r.URL.Query()
		text, signed := said.Inner.Content, false
		switch name {
		case "sms":
			text = said.Text
			signed = r.Header.Get("X-Signature") == hex.EncodeToString(sum(secret, r.Header.Get("X-Timestamp")+"."+string(body))) && said.To == "+86 10 0000"
		case "dingtalk":
			signed = q.Get("sign") == base64.StdEncoding.EncodeToString(sum(secret, q.Get("timestamp")+"\n"+secret)) && said.MsgType == "text"
		case "wecom":
			signed = said.MsgType == "text" && q.Get("key") == "k"
		case "feishu":
			text = said.Content.Text
			signed = said.Sign == base64.StdEncoding.EncodeToString(sum(said.Timestamp+"\n"+secret, "")) && said.Feishu == "text"
			if at, err := strconv.ParseInt(said.Timestamp, 10, 64); err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Hour {
				t.Errorf("feishu: at %q", said.Timestamp)
			}
		}
		if !signed || text != "案件 c-1 “\"快\"”\n结案" {
			t.Errorf("%s: %s %v %s", name, r.URL, r.Header, body)
		}
		code := 0
		if *refuse {
			code = 310000
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"errcode": code, "code": code, "errmsg": "said to " + r.RemoteAddr})
	}
}

// TestHooks sends messages by the templates that come along to providers, who check what they get.
func TestHooks(t *testing.T) {
	p, err := profile.Load(profiles.Files, "haidian")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.HookNames(), " "); got != "dingtalk feishu sms wecom" {
		t.Fatalf("templates %s", got)
	}
	for _, name := range p.HookNames() {
		refuse, secret := false, "SEC"+name
		server := httptest.NewServer(provider(t, name, secret, &refuse))
		hooks := adapters.NewWebhook(func(context.Context, string) (adapters.Hook, bool) {
			return adapters.Hook{URL: server.URL + "/robot?key=k", Secret: []byte(secret), Local: true, Template: p.Hooks[name], To: "+86 10 0000"}, true
		}, func(*notice.Message) (subject, text string) { return "结案", "案件 c-1 “\"快\"”\n结案" }, time.Now)
		m := &notice.Message{ID: "7.100/sub-s", Channel: notice.Channel{Kind: "webhook", Address: "s"}, Case: "c-1", Event: "close"}
		if out := hooks.Send(t.Context(), m); out.What != notice.Delivered {
			t.Errorf("%s: %+v", name, out)
		}
		refuse = true
		out := hooks.Send(t.Context(), m)
		if says := name != "sms"; says != (out.What == notice.Failed) || says && !strings.Contains(out.Why, "310000") {
			t.Errorf("%s refuses: %+v", name, out)
		}
		hooks.Close()
		server.Close()
	}
}
