package rest

import (
	"net/http"
	"testing"
)

// TestCoding is RFC 9110, section 12.5.3, as a table: its examples first.
func TestCoding(t *testing.T) {
	const refused = "refused"
	for _, c := range []struct {
		header []string
		want   string
	}{
		{[]string{"compress, gzip"}, "gzip"},
		{[]string{""}, ""},
		{[]string{"*"}, "gzip"},
		{[]string{"compress;q=0.5, gzip;q=1.0"}, "gzip"},
		{[]string{"gzip;q=1.0, identity; q=0.5, *;q=0"}, "gzip"},
		{nil, ""},
		{[]string{"gzip, deflate, br, zstd"}, "zstd"},
		{[]string{"gzip", "zstd"}, "zstd"},
		{[]string{"GZIP"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"X-GZip;Q=0.3"}, "gzip"},
		{[]string{"zstd;q=0.5, gzip"}, "gzip"},
		{[]string{"zstd;q=0.5, gzip;q=0.5"}, "zstd"},
		{[]string{"identity, gzip;q=0.9"}, ""},
		{[]string{"identity, gzip"}, "gzip"},
		{[]string{"identity;q=0.1, *;q=0.2"}, "gzip"},
		{[]string{"identity"}, ""},
		{[]string{"br"}, ""},
		{[]string{"gzip;q=0"}, ""},
		{[]string{"gzip;q=0.000, *"}, "zstd"},
		{[]string{"gzip;q=0, zstd;q=0, *"}, ""},
		{[]string{"*;q=0.5, zstd;q=0.5"}, "zstd"},
		{[]string{"gzip;q=0.001"}, "gzip"},
		{[]string{"gzip;q=2, zstd;q=x"}, ""},
		{[]string{"gzip;level=9;q=0"}, ""},
		{[]string{" , ;q=1,gzip"}, "gzip"},
		{[]string{"identity;q=0"}, refused},
		{[]string{"*;q=0"}, refused},
		{[]string{"br, identity;q=0"}, refused},
		{[]string{"br, *;q=0"}, refused},
		{[]string{"gzip;q=0, identity;q=0.0"}, refused},
		{[]string{"identity;q=0, gzip;q=0.1"}, "gzip"},
		{[]string{"identity;q=0, *"}, "gzip"},
		{[]string{"identity;q=0.1, *;q=0"}, ""},
		{[]string{"gzip, *;q=0"}, "gzip"},
	} {
		r := &http.Request{Header: http.Header{}}
		if c.header != nil {
			r.Header["Accept-Encoding"] = c.header
		}
		got, ok := Coding(r, "zstd", "gzip")
		if !ok {
			got = refused + got
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.header, got, c.want)
		}
	}
}

func BenchmarkCoding(b *testing.B) {
	r := &http.Request{Header: http.Header{"Accept-Encoding": {"gzip, deflate, br, zstd"}}}
	b.ReportAllocs()
	for b.Loop() {
		if name, _ := Coding(r, "zstd", "gzip"); name != "zstd" {
			b.Fatal(name)
		}
	}
}
