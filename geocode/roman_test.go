package geocode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/geocode"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/number"
	"github.com/gewu-city/gewu/geocode/pinyin"
	"github.com/gewu-city/gewu/index"
)

// spelling is an address of the sample city in the Latin letters that its plates have, None where a character has no reading.
func spelling(road, section, house string) (s string, ok bool) {
	text := normal.Of(road).Runes
	kinds := map[string]string{"大道": "Blvd.", "路": "Rd.", "街": "St."}
	directions := map[rune]string{'东': "E.", '南': "S.", '西': "W.", '北': "N.", '中': "Central"}
	kind, direction := "", ""
	for _, k := range []string{"大道", "路", "街"} {
		if rest, found := strings.CutSuffix(string(text), k); found {
			kind, text = kinds[k], []rune(rest)
			break
		}
	}
	if n := len(text); n > 2 && directions[text[n-1]] != "" {
		direction, text = directions[text[n-1]]+" ", text[:n-1]
	}
	var name strings.Builder
	for _, r := range text {
		of := pinyin.Of(r)
		if len(of) == 0 {
			return "", false
		}
		name.WriteString(of[0].String())
	}
	plate := normal.Of(house).Runes
	n, end := number.Parse(plate, nil)
	if len(n) != 1 || end != len(plate) || n[0].Number.Temporary || n[0].Number.Mark > number.Sub || n[0].Number.Last > 0 || kind == "" || name.Len() == 0 {
		return "", false
	}
	sec := ""
	if m, _ := number.Parse(normal.Of(section).Runes, nil); len(m) == 1 {
		sec = fmt.Sprintf("Sec. %d, ", m[0].Number.Base)
	}
	spelt := name.String()
	return fmt.Sprintf("No. %s, %s%s %s%s", n[0].Number, sec, strings.ToUpper(spelt[:1])+spelt[1:], direction, kind), true
}

// TestSpelled finds doors of Taipei by their address in Latin letters.
func TestSpelled(t *testing.T) {
	g, w := city(t)
	l, _ := w.Layer("addresses")
	value := func(s index.Slot, name string) string { return l.Value(s, l.Def().AttributeIndex(name)).String() }
	asked, right, sure := 0, 0, 0
	var missed []string
	for s := index.Slot(0); int(s) < l.Len(); s += 401 {
		if value(s, "lane") != "" {
			continue
		}
		text, ok := spelling(value(s, "road"), value(s, "section"), value(s, "number"))
		if !ok {
			continue
		}
		asked++
		places, _ := g.Search(geocode.Question{Text: text})
		found := -1
		for i := range places {
			p := &places[i]
			if normal.Of(p.Road).String() == normal.Of(value(s, "road")).String() && p.Section == value(s, "section") && p.Number == value(s, "number") {
				found = i
				break
			}
		}
		if found >= 0 && places[found].Score == places[0].Score {
			right++
			continue
		}
		if len(places) > 0 && places[0].Score >= 90 {
			sure++
		}
		missed = append(missed, text+" for "+value(s, "full"))
	}
	t.Logf("%d of %d right; of the others %d with 90 points or more: %s", right, asked, sure, strings.Join(missed, "; "))
	if asked < 100 || right*100 < asked*97 || sure*100 > asked*2 {
		t.Errorf("%d of %d right, %d of the others sure: %s", right, asked, sure, strings.Join(missed, "; "))
	}
}

// TestRomanised states texts in Latin letters, and some that say nothing.
func TestRomanised(t *testing.T) {
	g, _ := city(t)
	for text, want := range map[string]string{
		"No.106, Sec.2, Heping E. Rd., Da'an Dist., Taipei City 106, Taiwan (R.O.C.)": "house 臺北市大安區龍淵里5鄰和平東路二段106號 road sounds_alike",
		"106 Heping East Road Section 2":                                              "house 臺北市大安區龍淵里5鄰和平東路二段106號 road sounds_alike",
		"heping donglu erduan 106hao":                                                 "house 臺北市大安區龍淵里5鄰和平東路二段106號 road sounds_alike",
		"和平dong路二段106號":                                                               "house 臺北市大安區龍淵里5鄰和平東路二段106號 ",
		"No. 106, Sec. 2, Heping E. Rd., Kaohsiung City":                              "house 臺北市大安區龍淵里5鄰和平東路二段106號 road sounds_alike, city contradicts",
		"Renai Rd. Sec. 4":                                                            "road 仁愛路四段 road sounds_alike, name approximate",
		"Xinyi Rd. & Fuxing S. Rd.":                                                   "crossing 信義路 / 復興南路 road sounds_alike, road sounds_alike",
		"12 Main Street":                                                              "",
		"the dog can bark at the man":                                                 "",
		"I called 1999 on Sunday, nobody came":                                        "",
	} {
		got := ""
		places, _ := g.Search(geocode.Question{Text: text})
		if len(places) > 0 {
			p := &places[0]
			got = fmt.Sprintf("%s %s %s", p.Kind, p.Label, faults(p))
			if p.Start < 0 || p.End > len(text) || p.Start >= p.End {
				t.Errorf("%s: from %d to %d", text, p.Start, p.End)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	r, _ := g.Extract("The light in front of No. 106, Sec. 2, Heping E. Rd. is broken", time.Time{})
	if r.Reported != 0 || len(r.Places) != 1 || r.Places[0].Number != "106號" {
		t.Errorf("%+v", r)
	}
}
