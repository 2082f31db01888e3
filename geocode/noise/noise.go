// Package noise makes of a clean address what people write, say and mistype, by rules and a seed, for measuring a
// geocoder. It knows no geocoder and no city: names, numbers and units are told apart by simple rules of its own, so
// that what is measured did not write the exam. Of the packages beside it only character tables are used: which
// characters are the same in traditional and simplified script, and how they are read.
//
//	臺北市松山區莊敬里11鄰塔悠路328號
//	prefix_dropped    塔悠路328號
//	full_width        臺北市松山區莊敬里１１鄰塔悠路３２８號
//	chinese_numerals  臺北市松山區莊敬里十一鄰塔悠路三百二十八號
//	missing_unit      臺北市松山區莊敬里11鄰塔悠路328
//	typo              臺北市松山區莊敬里11鄰搭悠路328號
//	homophone         臺北市松山區莊敬里11鄰塔優路328號
//	deletion          臺北市松山區莊敬里11鄰塔路328號
//	insertion         臺北市松山區莊敬里11鄰塔悠悠路328號
//	transposition     臺北市松山區莊敬里11鄰悠塔路328號
//	script            台北市松山区庄敬里11邻塔悠路328号
//	free_text         你好，臺北市松山區莊敬里11鄰塔悠路328號門口的路燈壞了…
//	combination       two or three of them at once
//
// The rules know no other names, so that some slips make another one that the city has: with the roads of the
// demonstration city half a percent to one percent of slips do (南港路 → 南昌路, 新東街 → 東新街), and 0.03 % of homophones.
//
// Texts in letters have classes of their own beside those that make sense for them: suffix, direction, case, apartment.
package noise

import (
	"math/rand/v2"
	"slices"
	"unicode/utf8"
)

// Class is a kind of noise.
type Class string

// The classes. Those that change one character of a name take the last road of the text three times of four, else any
// name; characters that say what a name names (路, 區, Street) and numerals in names are left alone unless said
// otherwise, and so are names with fewer than two other characters: nothing would be left of them.
const (
	// Exact changes nothing.
	Exact Class = "exact"
	// PrefixDropped leaves out some or all of province, city, district, town, village and neighbourhood at the
	// beginning, or of what stands behind a comma in texts in letters.
	PrefixDropped Class = "prefix_dropped"
	// FullWidth writes digits, or all of ASCII, as wide as Han characters.
	FullWidth Class = "full_width"
	// ChineseNumerals writes the numbers before units in words, or digit by digit.
	ChineseNumerals Class = "chinese_numerals"
	// MissingUnit leaves out 號 behind the last number that has it, or the suffix of a street.
	MissingUnit Class = "missing_unit"
	// Typo replaces a character of a name by one that looks alike or is another; a letter by its neighbour on the keyboard.
	Typo Class = "typo"
	// Homophone replaces a character of a name by another one in common use with the same reading, tones aside.
	Homophone Class = "homophone"
	// Deletion leaves out a character of a name, also the last one (路).
	Deletion Class = "deletion"
	// Insertion writes a character more within a name: the one before it again, or another one.
	Insertion Class = "insertion"
	// Transposition exchanges two neighbouring characters of a name.
	Transposition Class = "transposition"
	// Script writes traditional characters as simplified ones, or the other way round.
	Script Class = "script"
	// Suffix spells Street out, or abbreviates it.
	Suffix Class = "suffix"
	// Direction spells North out, or abbreviates it.
	Direction Class = "direction"
	// Case changes small and large letters.
	Case Class = "case"
	// Apartment says which flat, behind the street.
	Apartment Class = "apartment"
	// FreeText puts the words of a caller around the address.
	FreeText Class = "free_text"
	// Combination is two or three of the others at once, of which at most one changes the characters of a name.
	Combination Class = "combination"
)

// Classes returns all classes, Exact first and Combination last.
func Classes() []Class {
	return []Class{
		Exact, PrefixDropped, FullWidth, ChineseNumerals, MissingUnit, Typo, Homophone, Deletion, Insertion, Transposition,
		Script, Suffix, Direction, Case, Apartment, FreeText, Combination,
	}
}

// Make returns a variant of an address, false if the class cannot change this text or the text is not UTF-8. The same
// text and the same state of r give the same variant. It is safe for concurrent use, each caller with its own r.
func Make(class Class, text string, r *rand.Rand) (string, bool) {
	if !utf8.ValidString(text) {
		return "", false
	}
	if class == Exact {
		return text, true
	}
	if class == Combination {
		return combine(text, r)
	}
	var noisy string
	var ok bool
	if s := read(text); s.latin {
		noisy, ok = readWords(s.runes).make(class, r)
	} else {
		noisy, ok = s.make(class, r)
	}
	if !ok || noisy == text {
		return "", false
	}
	return noisy, true
}

func (s *source) make(class Class, r *rand.Rand) (string, bool) {
	switch class {
	case PrefixDropped:
		return s.dropPrefix(r)
	case FullWidth:
		return widen(s.runes, r)
	case ChineseNumerals:
		return s.inNumerals(r)
	case MissingUnit:
		return s.dropUnit()
	case Typo:
		return s.mistype(r)
	case Homophone:
		return s.mishear(r)
	case Deletion:
		return s.leaveOut(r)
	case Insertion:
		return s.writeMore(r)
	case Transposition:
		return s.exchange(r)
	case Script:
		return s.otherScript()
	case FreeText:
		return s.talk(r)
	default:
		return "", false
	}
}

// steps are the classes of a combination in the order in which they are applied: names are changed while they can be
// told apart, words come around what has been written.
var steps = [][]Class{
	{PrefixDropped},
	{Typo, Homophone, Deletion, Insertion, Transposition},
	{MissingUnit, Suffix},
	{Direction},
	{ChineseNumerals},
	{Script},
	{FullWidth, Case},
	{Apartment},
	{FreeText},
}

// combine applies two or three steps. Three of four combinations change a name.
func combine(text string, r *rand.Rand) (string, bool) {
	want := 2 + r.IntN(2)
	order := r.Perm(len(steps))
	if r.IntN(4) > 0 {
		const names = 1
		i := slices.Index(order, names)
		order[0], order[i] = order[i], order[0]
	}
	// Which steps apply is found on the clean text; one that cannot be done is replaced by the next one.
	var chosen []int
	which := map[int]Class{}
	for _, step := range order {
		c := steps[step][r.IntN(len(steps[step]))]
		if _, ok := Make(c, text, r); ok && len(chosen) < want {
			chosen, which[step] = append(chosen, step), c
		}
	}
	slices.Sort(chosen)
	done := 0
	for _, step := range chosen {
		if next, ok := Make(which[step], text, r); ok {
			text, done = next, done+1
		}
	}
	return text, done >= 2
}
