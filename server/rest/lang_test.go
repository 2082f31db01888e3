package rest

import (
	"net/http"
	"testing"
)

func TestLang(t *testing.T) {
	for tag, want := range map[string]bool{
		"en": true, "zh": true, "zh-Hant": true, "zh-Hant-TW": true, "sr-Latn-RS": true, "": false, "e": false, "en-": false, "-en": false,
		"en_GB": false, "中文": false, "en\x00": false, "abcdefghi": false, "en-abcdefgh-abcdefgh-abcdefgh-abcdefgh": false,
	} {
		if got := validLang(tag); got != want {
			t.Errorf("%q: %v", tag, got)
		}
	}
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"": "en", "zh": "zh", "zh-Hant-TW": "zh", "fr": "en", "fr, zh;q=0.4": "zh", "en;q=0.3, zh;q=0.9": "zh", "zh;q=0, en": "en", "zh;q=0": "en", "en-GB,en;q=0.9,zh;q=0.8": "en", ";;,q=": "en",
	} {
		r := &http.Request{Header: http.Header{"Accept-Language": {header}}}
		if got := Language(r, "en"); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
