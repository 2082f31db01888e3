package rest

import "testing"

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
