// Package door is what stands between a server and the network: a certificate that lies in two files and is renewed without a
// restart, the token of writers, and how often one may ask.
package door

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Flags are those of servers about the network.
type Flags struct {
	TLSCert   string `name:"tls-cert" help:"File (PEM) with the certificate of the server and those between it and the root. With --tls-key everything is served over TLS; both files are read again when they change." placeholder:"FILE" env:"GEWU_TLS_CERT"`
	TLSKey    string `name:"tls-key" help:"File (PEM) with the private key of --tls-cert." placeholder:"FILE" env:"GEWU_TLS_KEY"`
	Token     string `help:"Allows writes from elsewhere with the header \"Authorization: Bearer TOKEN\". Better given as GEWU_TOKEN than as a flag, which other users of the machine can see." placeholder:"TOKEN" env:"GEWU_TOKEN"`
	TokenFile string `help:"File whose first line is that token; only its owner should be able to read it." placeholder:"FILE" env:"GEWU_TOKEN_FILE"`
	Rates     Rates  `embed:"" prefix:"rate-"`
}

// Rates are how often one may ask, in requests a second.
type Rates struct {
	Address float64 `help:"Requests in a second that one address may send, as a mean; bursts may be four times as many. 0 bounds nothing; this machine itself has no bound." default:"500" placeholder:"N" env:"GEWU_RATE_ADDRESS"`
	Account float64 `help:"The same for one account, wherever it asks from." default:"250" placeholder:"N" env:"GEWU_RATE_ACCOUNT"`
	Key     float64 `help:"The same for one API key." default:"500" placeholder:"N" env:"GEWU_RATE_KEY"`
}

// Validate refuses what cannot be.
func (f Flags) Validate() error {
	switch {
	case f.TLSCert != "" && f.TLSKey == "":
		return errors.New("--tls-cert needs --tls-key, the file with its private key")
	case f.TLSKey != "" && f.TLSCert == "":
		return errors.New("--tls-key needs --tls-cert, the file with its certificate")
	case f.Token != "" && f.TokenFile != "":
		return errors.New("--token and --token-file are both given; one is enough")
	case f.Rates.Address < 0 || f.Rates.Account < 0 || f.Rates.Key < 0:
		return errors.New("--rate-address, --rate-account and --rate-key must be numbers of requests in a second; 0 bounds nothing")
	}
	return nil
}

// shortestToken is how long a token out of a file must be, in bytes: shorter ones can be guessed.
const shortestToken = 16

// ReadToken reads the token of TokenFile into Token, when there is one. No message names what is in the file.
func (f *Flags) ReadToken() error {
	if f.TokenFile == "" {
		return nil
	}
	text, err := os.ReadFile(f.TokenFile)
	if err != nil {
		return fmt.Errorf("--token-file: %w", err)
	}
	token, _, _ := strings.Cut(string(text), "\n")
	token = strings.TrimSpace(token)
	if len(token) < shortestToken || strings.ContainsAny(token, " \t") {
		return fmt.Errorf("--token-file %s: its first line must be a token of %d characters or more without spaces, such as openssl rand -hex 32 prints", f.TokenFile, shortestToken)
	}
	f.Token = token
	return nil
}
