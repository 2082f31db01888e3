package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people/account"
)

// nowhere takes notes and keeps none.
type nowhere struct{}

func (nowhere) Append(context.Context, data.Tx) (data.Seq, error) { return 1, nil }

// BenchmarkNoted asks a city that notes beside one whose notes go nowhere: an export and a login, which wait for their note,
// a refusal and a read, which do not. The store and the accounts sync to disk; passwords are cheap here, 1,000 times less than real.
func BenchmarkNoted(b *testing.B) {
	for _, name := range []string{"noted", "without"} {
		accounts, err := account.OpenFile(filepath.Join(b.TempDir(), "people.db"), account.Options{Now: time.Now, Cost: account.Cost{Time: 1, Memory: 64, Threads: 1}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = accounts.Close() })
		c := newCity(b, func(cfg *Config) {
			cfg.Login.Store = accounts
		}).fill()
		if name == "without" {
			c.server.trail.Log = nowhere{}
		}
		if _, err := accounts.Create(b.Context(), account.New{Login: "root", Password: passphrase, Administrator: true}); err != nil {
			b.Fatal(err)
		}
		root, err := accounts.Find("root")
		if err != nil {
			b.Fatal(err)
		}
		_, token, err := accounts.NewKey(root.ID, "bench", nil, time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		ask := func(b *testing.B, method, target, body, key string, want int) {
			b.Helper()
			r := httptest.NewRequest(method, target, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			if key != "" {
				r.Header.Set("Authorization", "Bearer "+key)
			}
			w := httptest.NewRecorder()
			if c.server.Handler().ServeHTTP(w, r); w.Code != want {
				b.Fatalf("%s: %d %s", target, w.Code, w.Body)
			}
		}
		for _, one := range []struct {
			name, method, target, body, key string
			want                            int
		}{
			{"export", "GET", "/v1/layers/trees/export", "", token, 200},
			{"login", "POST", "/v1/login", `{"login":"root","password":"` + passphrase + `"}`, "", 200},
			{"refusal", "GET", "/v1/accounts", "", "", http.StatusUnauthorized},
			{"read", "GET", "/v1/layers/trees/features/tree01", "", token, 200},
		} {
			b.Run(one.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					ask(b, one.method, one.target, one.body, one.key, one.want)
				}
			})
		}
	}
}
