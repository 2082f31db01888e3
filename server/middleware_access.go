package server

import "net/http"

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
