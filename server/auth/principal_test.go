package auth

import (
	"testing"

	"github.com/gewu-city/gewu/people/account"
)

// TestFromNowhere: code that forgets to ask who asks must not get rights by it.
func TestFromNowhere(t *testing.T) {
	if p := From(t.Context()); p.Everything() || p.Known() || p.Actor() != "public" {
		t.Errorf("a context without a request is %+v", p)
	}
	if (account.Principal{}).Everything() {
		t.Error("the zero principal may do everything")
	}
	scoped := account.Principal{Way: account.APIKey, Administrator: true, Scopes: []string{}}
	if scoped.Everything() || !scoped.Limited("edit") {
		t.Error("a key without scopes may do something")
	}
	if got := From(With(t.Context(), scoped)); got.Way != account.APIKey {
		t.Errorf("got %+v", got)
	}
}
