package logins

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFlags(t *testing.T) {
	for name, tc := range map[string]struct {
		flags Flags
		want  string
	}{
		"none":             {Flags{}, ""},
		"all":              {Flags{PublicURL: "https://city.example", SMTP: "smtp://mail.example", MailFrom: "a@b.example", Proxy: []string{"10.0.0.0/8", "::1"}}, ""},
		"no scheme":        {Flags{PublicURL: "city.example"}, "--public-url"},
		"mail without URL": {Flags{SMTP: "smtp://mail.example", MailFrom: "a@b.example"}, "--public-url"},
		"proxy":            {Flags{Proxy: []string{"proxy.example"}}, "--proxy"},
		"idle":             {Flags{SessionIdle: -time.Second}, "--session-idle"},
	} {
		err := tc.flags.Validate()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProviders(t *testing.T) {
	const good = "[[providers]]\nname = \"city\"\ntitle = \"City\"\nissuer = \"https://id.example\"\nclient_id = \"gewu\"\n[[providers.groups]]\ngroup = \"grid\"\npost = \"operator\"\n"
	for text, want := range map[string]string{
		good:        "",
		good + good: "twice",
		strings.Replace(good, "https", "http", 1):               "https://",
		strings.Replace(good, "client_id", "client", 1):         "unknown key",
		strings.Replace(good, "\"city\"", "\"City/x\"", 1):      "name",
		strings.Replace(good, "post = \"operator\"", "", 1):     "either a post",
		strings.Replace(good, "client_id = \"gewu\"", "", 1):    "client_id",
		strings.Replace(good, "\"operator\"", "\"operator", 1):  "openid",
		strings.Replace(good, "https://id.example", "https", 1): "issuer",
	} {
		path := filepath.Join(t.TempDir(), "openid.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Flags{OpenID: path}.Config(nil, "", false, time.Now)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if want == "" && (len(c.Providers) != 1 || c.Providers[0].Title() != "City" || len(c.Permissions) == 0) {
			t.Errorf("%+v", c)
		}
	}
}

func TestLocal(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://localhost:8080", "0.0.0.0:80": "http://localhost:80", "[::]:1": "http://localhost:1", "192.0.2.7:8080": "http://192.0.2.7:8080", "[2001:db8::1]:80": "http://[2001:db8::1]:80",
	} {
		if got := Local(listen); got != want {
			t.Errorf("%s: %s", listen, got)
		}
	}
}
