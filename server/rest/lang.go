package rest

import (
	"net/http"
	"strconv"
	"strings"
)

// Language is zh or en: the one of the two that the header Accept-Language wants most, the first of those that it wants as
// much; standard where it names neither.
func Language(r *http.Request, standard string) string {
	best, lang := 0.0, standard
	for one := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(one), ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64)
		}
		for _, known := range []string{"zh", "en"} {
			if base, _, _ := strings.Cut(strings.ToLower(tag), "-"); base == known && weight > best {
				best, lang = weight, known
			}
		}
	}
	return lang
}
