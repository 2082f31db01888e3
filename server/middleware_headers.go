package server

import "net/http"

// The headers of every answer. Answers of the API are no pages: a browser that is shown one runs nothing of it and puts it
// in no frame. Pages and their files have policies of their own. No page asks for the powers of a device.
const (
	apiPolicy   = "default-src 'none'; frame-ancestors 'none'"
	permissions = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
	// strictTransport is sent over TLS of our own only: what a proxy promises is its matter.
	strictTransport = "max-age=31536000"
)

// protect sets the headers that tell a browser what not to do with an answer.
func protect(h http.Header, r *http.Request) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", apiPolicy)
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("Permissions-Policy", permissions)
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", strictTransport)
	}
}
