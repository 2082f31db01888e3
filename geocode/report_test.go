package geocode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestNumbersOfReports states what reports with numbers of cases, telephones, lines and exits are about.
func TestNumbersOfReports(t *testing.T) {
	g, _ := city(t)
	for text, want := range map[string]string{
		"關於貴單位11月5日回覆案號1151105-0321，和平東路二段的路燈還是沒亮": "road 和平東路二段",
		"案號0321，和平東路二段的路燈還是沒亮":                     "road 和平東路二段",
		"捷運大安站2號出口旁有攤販":                            "",
		"捷運2號線旁有攤販":                                "",
		"106號，和平東路二段，大安區，路燈不亮":                     "house 臺北市大安區龍淵里5鄰和平東路二段106號",
		"聯絡電話0912-345-678，塔悠路328號前人行道磚破損":          "house gate 臺北市松山區莊敬里11鄰塔悠路328號",
		"和平東路二段106號到118號之間路面坑洞":                    "road between 和平東路二段",
		"報案人稱於115年11月20日19時30分許在復興南路一段390號騎樓遭擋住":   "house 臺北市大安區和安里4鄰復興南路一段390號",
	} {
		got := ""
		if r, _ := g.Extract(text, time.Time{}); r.Reported >= 0 {
			p := &r.Places[r.Reported]
			if got = fmt.Sprintf("%s %s %s", p.Kind, p.Relation, p.Label); p.Relation == "" {
				got = fmt.Sprintf("%s %s", p.Kind, p.Label)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestFaultsOfLongReports quotes what is misspelt as the report writes it, also where the report is read in pieces.
func TestFaultsOfLongReports(t *testing.T) {
	g, _ := city(t)
	const wrong = "和平冬路"
	text := strings.Repeat("昨天打過電話，沒有人來看，請盡快處理。", 40) + "臺北市大安區" + wrong + "二段106號前路燈不亮。"
	r, _ := g.Extract(text, time.Time{})
	if r.Reported < 0 {
		t.Fatalf("no place in %+v", r)
	}
	p := &r.Places[r.Reported]
	if said := text[p.Start:p.End]; !strings.Contains(said, wrong) {
		t.Errorf("the place is said by %q", said)
	}
	for _, fault := range p.Faults {
		if fault.Element == "road" && fault.Text == wrong {
			return
		}
	}
	t.Errorf("no fault quotes %s: %+v", wrong, p.Faults)
}
