// Package pinyin says how Han characters are read, without tones, and which syllables are taken for each other by
// those who speak, hear or type them.
//
// readings.txt is derived from Unihan_Readings.txt of the Unicode Character Database 15.0, © 1991-2022 Unicode, Inc.,
// under the licence in ../LICENSE.unicode; TestTable writes it.
package pinyin

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed readings.txt
var readingsText string

// Syllable is a syllable without its tone, ü being written v. The zero value is none.
type Syllable uint16

// table is what readings.txt holds.
type table struct {
	names []string // by syllable
	// readings are the syllables of each character of the basic plane in turn; those of r end at ends[r] and begin where
	// those of the character before end.
	readings []Syllable
	ends     []uint32
	classes  []Syllable // by syllable: the first of those that sound alike
	read     []rune     // by syllable: a character that is read so first of all
	byName   map[string]Syllable
}

var loaded = sync.OnceValue(func() *table {
	t := &table{names: []string{""}, classes: []Syllable{0}, read: []rune{0}, byName: map[string]Syllable{}, ends: make([]uint32, 1<<16)}
	type ranked struct {
		syllable Syllable
		rank     int
	}
	of := map[rune][]ranked{}
	for line := range strings.Lines(readingsText) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		s := Syllable(len(t.names))
		t.names, t.byName[name] = append(t.names, name), s
		// A character by itself is read so first of all, one behind digits second, third and so on.
		rank, first := 0, rune(0)
		for _, r := range rest {
			if '1' <= r && r <= '9' {
				rank = int(r - '0')
				continue
			}
			if of[r] = append(of[r], ranked{s, rank}); rank == 0 && first == 0 && r > ' ' {
				first = r
			}
			rank = 0
		}
		t.read = append(t.read, first)
	}
	for r := range t.ends {
		list := of[rune(r)] // few characters have any
		slices.SortStableFunc(list, func(a, b ranked) int { return a.rank - b.rank })
		for _, e := range list {
			t.readings = append(t.readings, e.syllable)
		}
		t.ends[r] = uint32(len(t.readings))
	}
	first := map[string]Syllable{}
	for s, name := range t.names[1:] {
		class := alike(name)
		if first[class] == 0 {
			first[class] = Syllable(s + 1)
		}
		t.classes = append(t.classes, first[class])
	}
	return t
})

// Of returns how a character is read, the most frequent reading first; nothing for what is no Han character in common
// use. Characters are simplified, as [github.com/gewu-city/gewu/geocode/normal] makes them. The slice must not be
// changed.
func Of(r rune) []Syllable {
	t := loaded()
	if r < 1 || int(r) >= len(t.ends) {
		return nil
	}
	return t.readings[t.ends[r-1]:t.ends[r]:t.ends[r]]
}

// Named is the syllable that is written so in small letters, 0 if none is.
func Named(name string) Syllable { return loaded().byName[name] }

// String is the syllable in small letters.
func (s Syllable) String() string {
	t := loaded()
	if int(s) >= len(t.names) {
		return ""
	}
	return t.names[s]
}

// Character is a character that is read so, 0 of the zero value.
func (s Syllable) Character() rune {
	t := loaded()
	if int(s) >= len(t.read) {
		return 0
	}
	return t.read[s]
}

// Alike is one of the syllables that are taken for s, the same for all of them: z and zh, c and ch, s and sh, n, l and
// r, f and h; an and ang, en and eng, in and ing.
func (s Syllable) Alike() Syllable {
	t := loaded()
	if int(s) >= len(t.classes) {
		return 0
	}
	return t.classes[s]
}

// alike writes a syllable so that those that are taken for each other are written alike.
func alike(name string) string {
	if rest, ok := strings.CutPrefix(name, "f"); ok {
		// 福 is taken for 湖, 方 for 黄, 飞 for 灰, 分 for 婚, 风 for 红.
		switch rest {
		case "u", "ou":
			name = "h" + rest
		case "ei":
			name = "hui"
		case "en":
			name = "hun"
		case "eng":
			name = "hong"
		default:
			name = "hu" + rest
		}
	}
	for _, c := range []struct{ said, as string }{{"zh", "z"}, {"ch", "c"}, {"sh", "s"}, {"n", "l"}, {"r", "l"}} {
		if rest, ok := strings.CutPrefix(name, c.said); ok {
			name = c.as + rest
			break
		}
	}
	if strings.HasSuffix(name, "ang") || strings.HasSuffix(name, "eng") || strings.HasSuffix(name, "ing") {
		name = strings.TrimSuffix(name, "g")
	}
	return name
}

// Keys returns the ways in which characters may be read, as [Syllable.Alike] of each: characters that are none are
// their own key, above all syllables. The first key has the most frequent readings; of all combinations at most most are
// made.
func Keys(text []rune, most int) [][]rune {
	w := Ways{Most: most}
	for _, r := range text {
		w.Add(r)
	}
	if len(text) == 0 {
		return [][]rune{{}}
	}
	return w.Keys()
}

// Ways are the keys of a text that grows, as [Keys] makes them.
type Ways struct {
	// Most is how many are made at most.
	Most int
	keys [][]rune
}

// Keys are those of the characters so far. They must not be changed, and change with the next.
func (w *Ways) Keys() [][]rune { return w.keys }

// Add adds a character.
func (w *Ways) Add(r rune) {
	if len(w.keys) == 0 {
		w.keys = append(w.keys, make([]rune, 0, usual))
	}
	readings := Of(r)
	if len(readings) == 0 {
		for i := range w.keys {
			w.keys[i] = append(w.keys[i], r+above)
		}
		return
	}
	var room [usual]rune
	classes := room[:0]
	for _, s := range readings {
		if c := rune(s.Alike()); !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
	}
	have := len(w.keys)
	for _, c := range classes[1:] {
		for i := 0; i < have && len(w.keys) < w.Most; i++ {
			w.keys = append(w.keys, append(append(make([]rune, 0, usual), w.keys[i]...), c))
		}
	}
	for i := range have {
		w.keys[i] = append(w.keys[i], classes[0])
	}
}

// usual is as long as names are.
const usual = 16

// above is more than any syllable.
const above = 1 << 12
