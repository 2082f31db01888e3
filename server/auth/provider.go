package auth

import (
	"context"

	"github.com/gewu-city/gewu/people/account"
)

// Provider vouches for logins: an OpenID provider. It is safe for concurrent use.
type Provider interface {
	// Name stands in addresses, Title on pages.
	Name() string
	Title() string
	// Begin is where a browser is sent, and what the login must remember until it comes back.
	Begin(ctx context.Context, redirect string) (url string, memory Memory, err error)
	// Finish is for whom the provider vouches, from the code that the browser brought back.
	Finish(ctx context.Context, redirect, code string, memory Memory) (account.Identity, error)
}

// Memory is what a browser keeps between the two halves of a login at a provider.
type Memory struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}
