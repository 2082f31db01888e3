package cases_test

import (
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
)

// late says that every clock of a case is over its limit, and that handling may take what it is told.
type late struct{ limit string }

func (l late) Limit(clock string, _ cases.Class, unit string) (limit, calendar string) {
	if clock == "handle" {
		return l.limit, "calendar of " + unit
	}
	return "", ""
}

func (late) Overdue(*cases.Case, string, time.Time) bool { return true }

// TestThreeLoops plays S4: signing within 24 hours, the ruling of the legal office, and the call-back that takes a case up
// again.
func TestThreeLoops(t *testing.T) {
	d, m := desk(t, "haidian")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "H-1")
	c := p.do("H-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	if c.Clocks["sign"] != process.Start {
		t.Errorf("nobody waits for a signature: %v", c.Clocks)
	}
	e, err := cases.Decode(m.events["H-1"][c.Version-1])
	if err != nil {
		t.Fatal(err)
	}
	for _, effect := range e.Clocks {
		if effect.Clock == "sign" && effect.Limit != "24 hour" {
			t.Errorf("the limit of signing is %q", effect.Limit)
		}
	}
	p.do("H-1", "handler zhou@water", "dispute", cases.Form{Reason: "产权不清"}, "disputed")
	p.refused("H-1", "duty-chief zhao@supervision", "rule", cases.Form{Unit: "gas", Reason: "x"}, process.WrongPost)
	p.do("H-1", "legal fa@district", "rule", cases.Form{Unit: "gas", Reason: "责任争议裁定"}, "assigned")
	p.do("H-1", "handler sun@gas", "take", cases.Form{}, "handling")
	p.do("H-1", "handler sun@gas", "feedback", cases.Form{After: photo(1)}, "reported")
	p.do("H-1", "dispatcher qian@command", "pass", cases.Form{}, "to-inspect")
	p.do("H-1", "operator wang@supervision", "inspect-ask", cases.Form{Person: "li@supervision"}, "inspecting")
	p.do("H-1", "collector li@supervision", "inspect-pass", cases.Form{After: photo(2)}, "to-close")
	p.do("H-1", "duty-chief zhao@supervision", "close", cases.Form{}, "to-call")
	c = p.do("H-1", "operator wang@supervision", "unsolved", cases.Form{Reason: "没有修好"}, "handling")
	if c.Unit() != "gas" || c.First != "water" || c.Clocks["handle"] != process.Start || c.Clocks["call"] != process.Stop {
		t.Errorf("not solved: %+v", c)
	}
}

// TestDisputedZone sees that a case in a zone that two sides claim goes to its ruling before it is dispatched.
func TestDisputedZone(t *testing.T) {
	for profile, who := range map[string]struct{ disputes, rules string }{
		"haidian":   {"dispatcher qian@command", "legal fa@district"},
		"donggaodi": {"street-head gao@street", "street-leader ji@street"},
	} {
		d, _ := desk(t, profile)
		d.Locate = ground{disputed: true}
		p := &player{TB: t, desk: d, now: day}
		p.do("Z-1", "operator wang@supervision", "report", cases.Form{Source: "hotline", Description: "井盖", Point: &cases.Position{Lon: 116.4, Lat: 39.9}}, "submitted")
		accepts, files := "operator wang@supervision", "duty-chief zhao@supervision"
		if profile == "donggaodi" {
			accepts, files = who.disputes, who.disputes
		}
		p.do("Z-1", accepts, "accept", cases.Form{}, "accepted")
		p.do("Z-1", files, "register", cases.Form{Class: &cases.Class{Kind: "part", Code: "0102"}}, "registered")
		p.refused("Z-1", who.disputes, "dispatch", cases.Form{Unit: "water"}, process.GuardFails)
		p.do("Z-1", who.disputes, "dispute", cases.Form{Reason: "位于争议区域"}, "disputed")
		p.do("Z-1", who.rules, "rule", cases.Form{Unit: "water", Reason: "批件"}, "assigned")
	}
}

// TestCards plays S6: what is late gets a yellow card once, and then a red one.
func TestCards(t *testing.T) {
	d, m := desk(t, "luqiao")
	p := &player{TB: t, desk: d, now: day}
	p.do("L-1", "grid-worker ma@grid", "find", cases.Form{Source: "grid", Description: "亚硝酸盐处理金属", Unit: "grid", Point: &cases.Position{Lon: 121, Lat: 28}}, "handling")
	p.refused("L-1", "system", "yellow-card", cases.Form{}, process.GuardFails)
	d.Limits = late{limit: "5 natural_day"}
	p.refused("L-1", "inspector he@district", "red-card", cases.Form{Reason: "超期"}, process.GuardFails)
	p.do("L-1", "system", "yellow-card", cases.Form{}, "handling")
	p.refused("L-1", "system", "yellow-card", cases.Form{}, process.GuardFails)
	p.do("L-1", "inspector he@district", "red-card", cases.Form{Reason: "超期"}, "handling")
	p.refused("L-1", "community-head hu@community", "extend-ask", cases.Form{Reason: "等"}, process.GuardFails)
	c := p.do("L-1", "grid-worker ma@grid", "done", cases.Form{Note: "公安、环保已查处"}, "closed")
	if !c.Marks["yellow"] || !c.Marks["red"] {
		t.Errorf("the cards: %v", c.Marks)
	}
	// The limit of whoever has the case goes into the event in which the clock starts.
	p.do("L-2", "grid-worker ma@grid", "find", cases.Form{Source: "grid", Description: "x", Unit: "grid"}, "handling")
	e, err := cases.Decode(m.events["L-2"][0])
	if err != nil || len(e.Clocks) != 1 || e.Clocks[0].Limit != "5 natural_day" || e.Clocks[0].Calendar != "calendar of grid" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestPlanAndStandard plays S9: no filing without a plan, no closing below the standard, and the efficiency office when
// the check fails.
func TestPlanAndStandard(t *testing.T) {
	d, m := desk(t, "county-centre")
	p := &player{TB: t, desk: d, now: day}
	class := &cases.Class{Kind: "event", Code: "0111"}
	p.do("Q-1", "operator wang@supervision", "report", cases.Form{Source: "hotline", Description: "积存渣土", Point: &cases.Position{Lon: 116, Lat: 39}}, "submitted")
	p.do("Q-1", "operator wang@supervision", "accept", cases.Form{}, "accepted")
	p.refused("Q-1", "duty-chief zhao@supervision", "register", cases.Form{Class: class}, process.FieldMissing)
	p.do("Q-1", "duty-chief zhao@supervision", "register", cases.Form{Class: class, Fields: map[string]string{"plan": "先清运，后查处"}}, "registered")
	p.do("Q-1", "duty-chief zhao@supervision", "dispatch", cases.Form{Unit: "street"}, "assigned")
	p.do("Q-1", "duty-chief zhao@supervision", "split", cases.Form{Units: []string{"water", "gas"}}, "assigned")
	p.do("Q-1", "handler lin@street", "take", cases.Form{}, "handling")
	for id, who := range map[string]string{"Q-1.1": "handler zhou@water", "Q-1.2": "handler sun@gas"} {
		p.do(id, who, "take", cases.Form{}, "handling")
		p.do(id, who, "finish", cases.Form{}, "closed")
	}
	check := func(action, state string) {
		t.Helper()
		p.do("Q-1", "handler lin@street", "feedback", cases.Form{After: photo(1)}, "reported")
		p.do("Q-1", "dispatcher qian@command", "pass", cases.Form{}, "to-inspect")
		p.do("Q-1", "operator wang@supervision", "inspect-ask", cases.Form{Person: "li@supervision"}, "inspecting")
		form := cases.Form{After: photo(2)}
		if action == "inspect-fail" {
			form.Reason = "未清完"
		}
		p.do("Q-1", "collector li@supervision", action, form, state)
	}
	p.refused("Q-1", "inspector he@district", "escalate", cases.Form{Reason: "x"}, process.GuardFails)
	check("inspect-fail", "handling")
	c := p.do("Q-1", "inspector he@district", "escalate", cases.Form{Reason: "两次不合格"}, "efficiency")
	if c.Clocks["handle"] != process.Start {
		t.Errorf("the clock of handling is %s with the efficiency office", c.Clocks["handle"])
	}
	p.do("Q-1", "efficiency xu@district", "order", cases.Form{Reason: "限期整改", Until: p.now.Add(48 * time.Hour)}, "handling")
	check("inspect-pass", "to-close")
	p.refused("Q-1", "duty-chief zhao@supervision", "close", cases.Form{Fields: map[string]string{"standard": "perhaps"}}, process.FieldWrong)
	p.refused("Q-1", "duty-chief zhao@supervision", "close", cases.Form{Fields: map[string]string{"standard": "false"}}, process.GuardFails)
	p.do("Q-1", "duty-chief zhao@supervision", "close", cases.Form{Fields: map[string]string{"standard": "true"}}, "closed")
	if m.cases["Q-1"].Counts["rework"] != 1 {
		t.Errorf("rework: %v", m.cases["Q-1"].Counts)
	}
}

// TestChatGroup plays S10: a message is a case, whoever is concerned takes it, and what was done is counted.
func TestChatGroup(t *testing.T) {
	d, _ := desk(t, "xinfeng")
	p := &player{TB: t, desk: d, now: day}
	p.do("X-1", "public", "report", cases.Form{Source: "chat", Description: "宣芳桥靠市场一百米处空又地出现一堆垃圾请所在网格及时清理", Before: photo(1)}, "submitted")
	p.refused("X-1", "grid-head ma@grid", "find-own", cases.Form{Unit: "water"}, process.GuardFails)
	p.do("X-1", "grid-head ma@grid", "find-own", cases.Form{Unit: "grid"}, "handling")
	p.refused("X-1", "grid-head ma@grid", "done", cases.Form{After: photo(2), Fields: map[string]string{"kind": "rubbish"}}, process.FieldMissing)
	p.refused("X-1", "grid-head ma@grid", "done", cases.Form{After: photo(2), Quantity: []cases.Quantity{{Number: 3, Unit: "m³"}}, Fields: map[string]string{"kind": "snow"}}, process.FieldWrong)
	p.do("X-1", "grid-head ma@grid", "done", cases.Form{After: photo(2), Quantity: []cases.Quantity{{Number: 3, Unit: "m³"}}, Fields: map[string]string{"kind": "rubbish"}}, "closed")
}

// TestOpenLedger plays the ledger of S8: a case is on it until it is struck off, and its clocks run all the time.
func TestOpenLedger(t *testing.T) {
	d, _ := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	filed(p, "Z-1")
	p.do("Z-1", "dispatcher qian@command", "dispatch", cases.Form{Unit: "water"}, "assigned")
	p.do("Z-1", "handler zhou@water", "take", cases.Form{}, "handling")
	p.refused("Z-1", "dispatcher qian@command", "strike", cases.Form{Reason: "x"}, process.GuardFails)
	c := p.do("Z-1", "dispatcher qian@command", "enter", cases.Form{Reason: "难题"}, "handling")
	if !c.Marks["ledger"] || c.Clocks["handle"] != process.Start {
		t.Errorf("on the ledger: %v, %v", c.Marks, c.Clocks)
	}
	p.refused("Z-1", "dispatcher qian@command", "enter", cases.Form{Reason: "x"}, process.GuardFails)
	if c = p.do("Z-1", "dispatcher qian@command", "strike", cases.Form{Reason: "销号"}, "handling"); c.Marks["ledger"] {
		t.Error("still on the ledger")
	}
}

// TestEmergency leaves the normal path at once, from before filing, and comes back for the check.
func TestEmergency(t *testing.T) {
	d, _ := desk(t, "base")
	p := &player{TB: t, desk: d, now: day}
	p.do("M-1", "operator wang@supervision", "report", cases.Form{Source: "hotline", Description: "燃气泄漏"}, "submitted")
	c := p.do("M-1", "operator wang@supervision", "emergency", cases.Form{Unit: "gas", Reason: "泄漏"}, "emergency")
	if c.Unit() != "gas" || c.Clocks["accept"] != process.Stop || c.Clocks["handle"] != process.Start {
		t.Errorf("%+v", c)
	}
	p.refused("M-1", "handler zhou@water", "emergency-over", cases.Form{Note: "已处置"}, process.GuardFails)
	p.do("M-1", "handler sun@gas", "emergency-over", cases.Form{Note: "已处置"}, "to-inspect")
}
