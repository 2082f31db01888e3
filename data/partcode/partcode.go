// Package partcode is the rule of the national codes of city parts and of the districts that they begin with.
package partcode

import (
	"fmt"
	"strconv"
	"strings"
)

// partGroup is a run of digits of a part code.
type partGroup struct {
	name   string
	digits int
}

// partGroups are the two forms of the national code of a city part: 16 digits in CJ/T 214-2007 and GB/T 30428.2-2013,
// 17 in GB/T 47678.5-2026, which has a digit more for the minor class.
var partGroups = map[int][]partGroup{
	16: {{"district", 6}, {"major class", 2}, {"minor class", 2}, {"sequence", 6}},
	17: {{"district", 6}, {"major class", 2}, {"minor class", 3}, {"sequence", 6}},
}

// Check says what is wrong with the national code of a city part, empty when nothing is: district (6 digits),
// major class (2), minor class (2 or 3) and sequence (6), none of them zero, and the district as [CheckDistrict] has it.
// Whether district and class exist is not checked. It is the rule of grid/code for parts, too.
func Check(code string) string {
	if i := strings.IndexFunc(code, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		if _, err := strconv.ParseFloat(code, 64); err == nil && strings.ContainsAny(code, "eE") {
			return "must be digits only; a spreadsheet has made it a number and lost digits: format the column as text and enter it again"
		}
		return fmt.Sprintf("must be digits only; %q at byte %d is none", []rune(code[i:])[0], i+1)
	}
	groups, ok := partGroups[len(code)]
	if !ok {
		return fmt.Sprintf("must have 16 digits (district 6, major class 2, minor class 2, sequence 6) or 17 (minor class 3), not %d", len(code))
	}
	at := 0
	for _, g := range groups {
		if digits := code[at : at+g.digits]; strings.Trim(digits, "0") == "" {
			return fmt.Sprintf("has the %s %s (digits %d to %d); it begins at %0*d", g.name, digits, at+1, at+g.digits, g.digits, 1)
		}
		at += g.digits
	}
	if why := CheckDistrict(code[:6]); why != "" {
		return "has the district " + code[:6] + " (digits 1 to 6): " + why
	}
	return ""
}

// provinces are the first two digits of GB/T 2260.
const provinces = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 "

// CheckDistrict says what is wrong with six digits as the code of a county-level area by GB/T 2260, empty when nothing
// is: it begins with a province and is not that of a whole province. Whether the area exists is not checked.
func CheckDistrict(code string) string {
	switch {
	case !strings.Contains(provinces, " "+code[:2]+" "):
		return code[:2] + " is not a province of GB/T 2260"
	case code[2:] == "0000" && code[0] < '7':
		return code + " is a province; a county-level area is needed"
	}
	return ""
}
