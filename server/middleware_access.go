package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// allowOrigins lets scripts of any web page read the answer: what anyone may read holds no secrets.
func allowOrigins(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "ETag, X-Gewu-At, X-Gewu-Seq, X-Request-Id")
}

// preflight answers OPTIONS. open are the methods that other web pages may use.
func preflight(w http.ResponseWriter, allow, open string) {
	h := w.Header()
	h.Set("Allow", allow)
	if open != "" {
		allowOrigins(w)
		h.Set("Access-Control-Allow-Methods", open)
		h.Set("Access-Control-Allow-Headers", "Content-Type, If-None-Match, Last-Event-ID, X-Request-Id")
		h.Set("Access-Control-Max-Age", "86400")
	}
	w.WriteHeader(http.StatusNoContent)
}

// mayWrite decides who may change things until there are accounts: whoever has the token; the control socket; and
// the machine itself, unless the request came through a proxy, through a name that is not the machine's (DNS
// rebinding), or from another site's page in a browser.
func (s *Server) mayWrite(r *http.Request) error {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		sum := sha256.Sum256([]byte(token))
		if s.cfg.Token != "" && subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 {
			return nil
		}
		return rest.Refuse(rest.Unauthorized, "the token is not the one that the server was started with (gewu serve --token)").
			With("WWW-Authenticate", `Bearer realm="gewu", error="invalid_token"`)
	}
	// The check lets safe methods pass; what only writers may read deserves it too.
	probe := *r
	probe.Method = http.MethodPost
	if err := http.NewCrossOriginProtection().Check(&probe); err != nil {
		return rest.Refuse(rest.Forbidden, "a page of another site may not change things here").Because(err)
	}
	if city.FromSocket(r) || fromHere(r) {
		return nil
	}
	if s.cfg.Token == "" {
		return rest.Refuse(rest.Forbidden, "this server takes changes only from its own machine (http://127.0.0.1 or the control socket); start it with --token to allow them from elsewhere")
	}
	return rest.Refuse(rest.Unauthorized, "changes from elsewhere need the server's token: Authorization: Bearer <the value of --token>").
		With("WWW-Authenticate", `Bearer realm="gewu"`)
}

// fromHere reports whether the request came straight from this machine and was meant for it.
func fromHere(r *http.Request) bool {
	for _, forwarded := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(forwarded)) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && isLoopbackName(r.Host)
}

func isLoopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
