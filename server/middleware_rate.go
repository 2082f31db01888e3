package server

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/rate"
	"github.com/gewu-city/gewu/server/rest"
)

// Rates are how many requests in a second an address, an account and a key may send, as a mean; 0 bounds nothing. What
// comes from this machine itself and through the control socket has no bound. Tries of passwords are bounded by the
// accounts, far below.
type Rates struct {
	Address, Account, Key float64
}

// A map asks for a hundred tiles at once: a burst may be what comes in burst. rateNames is how many addresses are
// remembered, some 4 MiB.
const (
	burst     = 4 * time.Second
	rateNames = 1 << 16
)

// rates hold the buckets.
type rates struct {
	start     time.Time
	addresses *rate.Limiter[netip.Addr]
	accounts  *rate.Limiter[string]
	keys      *rate.Limiter[string]
}

func newRates(r Rates, now time.Time) *rates {
	return &rates{
		start: now, addresses: rate.New[netip.Addr](r.Address, burst, rateNames),
		accounts: rate.New[string](r.Account, burst, rateNames), keys: rate.New[string](r.Key, burst, rateNames),
	}
}

// admitAddress refuses an address that asks too often, before anything is looked up.
func (s *Server) admitAddress(r *http.Request) error {
	if s.rates.addresses == nil {
		return nil
	}
	address, here := s.auth.From(r)
	if here || !address.IsValid() {
		return nil
	}
	if address.Is6() {
		// A household or machine has a network of 64 bits of its own (RFC 6177) and any address in it.
		address = netip.PrefixFrom(address.WithZone(""), 64).Masked().Addr()
	}
	return tooOften(s.rates.addresses.Take(address, s.cfg.Now().Sub(s.rates.start)), "this address")
}

// admitWho refuses accounts and keys that ask too often, wherever they ask from.
func (s *Server) admitWho(who *account.Principal) error {
	now := s.cfg.Now().Sub(s.rates.start)
	switch {
	case who.Key != "":
		return tooOften(s.rates.keys.Take(who.Key, now), "this key")
	case who.Account != "":
		return tooOften(s.rates.accounts.Take(who.Account, now), "this account")
	}
	return nil
}

// rateError says that a refusal is for asking too often: the log leaves such out, or it would be what fills the disk.
type rateError struct{}

func (rateError) Error() string { return "asks too often" }

func tooOften(wait time.Duration, who string) error {
	if wait <= 0 {
		return nil
	}
	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return rest.Refuse(rest.TooMany, "%s sends more requests than the server takes from one; ask again in %s s, and many points or texts in one request", who, seconds).
		With("Retry-After", seconds).Because(rateError{})
}

// admitted runs a handler for addresses that do not ask too often.
func (s *Server) admitted(h func(http.ResponseWriter, *http.Request) (bool, error)) func(http.ResponseWriter, *http.Request) (bool, error) {
	return func(w http.ResponseWriter, r *http.Request) (bool, error) {
		if err := s.admitAddress(r); err != nil {
			return false, err
		}
		return h(w, r)
	}
}
