package geocode

import (
	"strings"

	"github.com/gewu-city/gewu/geocode/aside"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// What a place loses that the text says of something else: where the caller lives, who is to handle it; or whose residents
// it speaks of.
const (
	asidePoints    = 25
	residentPoints = 6
	happenPoints   = 6 // what one has before others where the text says that something happens
)

// words are those in the sentence before a claim, and those right behind it.
func (f *finder) words(cl *relation.Claim) (left, right string) {
	const before, behind = 14, 6
	first := cl.First
	if len(cl.Areas) > 0 {
		first = min(first, cl.Areas[0])
	}
	for first > 0 && f.elements[first-1].Kind == phrase.Admin {
		first--
	}
	start, end := f.elements[first].Start, f.elements[cl.Last].End
	left = strings.TrimRight(string(f.text.Runes[max(0, start-before):start]), " ")
	return aside.Label(left), string(f.text.Runes[end:min(len(f.text.Runes), end+behind)])
}

// aside is what a claim loses that says where something else is, and what it has before others because the text says that
// something happens there.
func (f *finder) aside(cl *relation.Claim) (points, cue int) {
	left, right := f.words(cl)
	switch aside.Of(left, right) {
	case aside.Else:
		return asidePoints, 0
	case aside.Residents:
		if f.local {
			return residentPoints, 0
		}
	default:
	}
	if sure := aside.Happens(left, right); f.local && sure > 0 {
		return 0, happenPoints + sure - 1
	}
	return 0, 0
}
