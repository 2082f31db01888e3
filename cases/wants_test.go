package cases_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
)

// TestWhatFieldsTake says of wrong values what would be right: of choices, and of times beside the clock.
func TestWhatFieldsTake(t *testing.T) {
	d, _ := desk(t, "county-centre")
	p := &player{TB: t, desk: d, now: day}
	told := func(r *process.RefusalError, zh, en string) {
		t.Helper()
		if !strings.HasSuffix(r.Title["zh"], zh) || !strings.HasSuffix(r.Title["en"], en) {
			t.Errorf("%v, want %q and %q", r.Title, zh, en)
		}
	}
	report := cases.Form{Source: "hotline", Description: "积存渣土", Point: &inCity}
	fast := report
	fast.Reported = day.Add(2 * time.Minute)
	told(p.refused("W-1", "operator wang@supervision", "report", fast, process.FieldWrong), "晚于当前时间 2026-11-02T09:01:00Z：请核对时间和时区", "lies in the future: it is 2026-11-02T09:01:00Z; see to clock and zone")
	p.do("W-1", "operator wang@supervision", "report", report, "submitted")
	told(p.refused("W-1", "operator wang@supervision", "accept", cases.Form{Fields: map[string]string{"standard": "perhaps"}}, process.FieldUnknown), "不在本环节表单中", "is not in the form of this step")
	p.do("W-1", "operator wang@supervision", "accept", cases.Form{}, "accepted")
	class := &cases.Class{Kind: "event", Code: "0111"}
	past := cases.Form{Class: class, Until: day, Fields: map[string]string{"plan": "先清运，后查处"}}
	told(p.refused("W-1", "duty-chief zhao@supervision", "register", past, process.FieldWrong), "已过去：当前时间为 2026-11-02T09:05:00Z", "has passed: it is 2026-11-02T09:05:00Z")
	d, _ = desk(t, "xinfeng")
	p = &player{TB: t, desk: d, now: day}
	p.do("W-2", "public", "report", cases.Form{Source: "chat", Description: "垃圾"}, "submitted")
	r := p.refused("W-2", "grid-head ma@grid", "find-own", cases.Form{Unit: "grid", Fields: map[string]string{"kind": "snow"}}, process.FieldWrong)
	if !strings.Contains(r.Title["zh"], "须为其一：") || !strings.Contains(r.Title["en"], "must be one of ") || !strings.Contains(r.Title["en"], "rubbish") {
		t.Errorf("%v", r.Title)
	}
}
