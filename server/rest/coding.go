package rest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// mostCodings bounds the content codings that an answer exists in.
const mostCodings = 4

// Coding is the content coding in which a client wants an answer that exists in the codings offered, best first, and as
// it is (RFC 9110, section 12.5.3); empty stands for as it is. Without Accept-Encoding an answer is sent as it is. Of
// codings that are named and liked equally the first counts; of those that only a star stands for the last, because a
// client that lists none may know the oldest one only. It reports false when the client refuses all of them, and the
// answer as it is, too.
func Coding(r *http.Request, offered ...string) (name string, ok bool) {
	const unnamed = -1
	lines := r.Header["Accept-Encoding"]
	if len(lines) == 0 {
		return "", true
	}
	star, plain := float64(unnamed), float64(unnamed)
	weights := [mostCodings]float64{unnamed, unnamed, unnamed, unnamed}
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(part, ";")
			weight, valid := quality(params)
			if !valid {
				continue
			}
			switch coding = strings.TrimSpace(coding); {
			case coding == "*":
				star = weight
				continue
			case strings.EqualFold(coding, "identity"):
				plain = weight
				continue
			case strings.EqualFold(coding, "x-gzip"):
				coding = "gzip"
			}
			for i, one := range offered {
				if strings.EqualFold(coding, one) {
					weights[i] = weight
				}
			}
		}
	}
	best := max(plain, 0)
	better := func(weight float64) bool { return weight > 0 && (weight > best || weight == best && name == "") }
	for i, one := range offered {
		if better(weights[i]) {
			name, best = one, weights[i]
		}
	}
	for i, one := range slices.Backward(offered) {
		if weights[i] == unnamed && better(star) {
			name, best = one, star
		}
	}
	refused := plain == 0 || plain == unnamed && star == 0
	return name, name != "" || !refused
}

// quality reads the weight among the parameters of a list member, 1 when absent.
func quality(params string) (weight float64, valid bool) {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		weight, err := strconv.ParseFloat(value, 64)
		return weight, err == nil && weight >= 0 && weight <= 1
	}
	return 1, true
}
