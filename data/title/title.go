// Package title is how things are called for people, by language.
package title

import (
	"iter"
	"strings"
)

// Title is a human-readable name per language, keyed by "zh", "en" or another BCP 47 tag.
type Title map[string]string

// In is the title in a language, else in the one that it is a kind of (zh for zh-Hant), else in English, else in
// Chinese, else fallback.
func (t Title) In(lang, fallback string) string {
	for tag := range Tags(lang) {
		if s := t[tag]; s != "" {
			return s
		}
	}
	for _, l := range []string{"en", "zh"} {
		if s := t[l]; s != "" {
			return s
		}
	}
	return fallback
}

// Tags are a language tag and those that it is a kind of: zh-Hant-TW, zh-Hant, zh.
func Tags(lang string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for lang != "" && yield(lang) {
			lang = lang[:max(0, strings.LastIndexByte(lang, '-'))]
		}
	}
}
