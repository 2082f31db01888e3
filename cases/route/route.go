package route

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
)

// City is who answers for what, at the time of a question.
type City interface {
	// Path is the way from the top of the tree to an organisation; nil when there is none, or when it has ended.
	Path(organisation string) []string
	// Duties are who answers for a place and class, in the order of people.Directory.DutiesAt.
	Duties(place *cases.Place, class string) []people.Duty
	// Subunit reports whether a cell of a place is a building or an entrance with staff of its own.
	Subunit(cell people.CellRef) bool
	// Working reports whether a time is working time. The error says that nobody knows, such as after the last table of
	// holidays.
	Working(at time.Time) (bool, error)
}

// Question is what is known of a case.
type Question struct {
	Class  cases.Class
	Source string
	// Level is that of the unit that reports, empty for the public.
	Level string
	Place *cases.Place
	At    time.Time
}

// Answer is who gets a case, with the rule and the reason, and what became of each rule before.
type Answer struct {
	cases.Duty
	Trace []Step
}

// Step is why a rule does not answer. Disabled says that it was switched off.
type Step struct {
	Rule     string
	Why      data.Title
	Disabled bool
}

// Disabled is a rule that was switched off, with the reason and the question at which that was found.
type Disabled struct {
	Rule string     `json:"rule"`
	Why  data.Title `json:"why"`
	At   time.Time  `json:"at"`
}

// GoneError says that even the last resort does not exist any more.
type GoneError struct{ Organisation string }

// Error names the organisation.
func (e *GoneError) Error() string {
	return fmt.Sprintf("route: %q, which gets what nobody answers for, does not exist or has ended: name another one in the rules", e.Organisation)
}

// Router asks rules, and remembers those that failed. It is safe for concurrent use.
type Router struct {
	rules *Rules
	keep  func([]Disabled)

	mu  sync.Mutex
	off map[string]Disabled
}

// NewRouter is a router of rules, all of them switched on.
func NewRouter(rules *Rules) *Router { return ResumeRouter(rules, nil, nil) }

// ResumeRouter is a router of rules of which some were switched off before. keep, when not nil, hears of all that are whenever
// one is switched off or on, one call at a time.
func ResumeRouter(rules *Rules, off []Disabled, keep func([]Disabled)) *Router {
	r := &Router{rules: rules, keep: keep, off: map[string]Disabled{}}
	for _, d := range off {
		r.off[d.Rule] = d
	}
	return r
}

// told tells keep what is off. The lock is held.
func (r *Router) told() {
	if r.keep != nil {
		r.keep(r.disabled())
	}
}

// Disabled are the rules that were switched off, in the order of the rules.
func (r *Router) Disabled() []Disabled {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.disabled()
}

func (r *Router) disabled() []Disabled {
	var out []Disabled
	for i := range r.rules.Rules {
		if d, ok := r.off[r.rules.Rules[i].ID]; ok {
			out = append(out, d)
		}
	}
	return out
}

// Enable switches a rule on again; it reports whether it was off.
func (r *Router) Enable(rule string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, was := r.off[rule]
	delete(r.off, rule)
	if was {
		r.told()
	}
	return was
}

// Route is who gets a case. A rule that fails is switched off from then on. The error is a *[GoneError].
func (r *Router) Route(q *Question, city City) (*Answer, error) { return r.ask(q, city, r.disable) }

// Dry says who would get a case, and switches nothing off.
func (r *Router) Dry(q *Question, city City) (*Answer, error) {
	return r.ask(q, city, func(string, data.Title, time.Time) {})
}

func (r *Router) disable(rule string, why data.Title, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.off[rule]; !ok {
		r.off[rule] = Disabled{Rule: rule, Why: why, At: at}
		r.told()
	}
}

func (r *Router) isOff(rule string) (Disabled, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok := r.off[rule]
	return d, ok
}

func say(zh, en string, args ...any) data.Title {
	return data.Title{"zh": fmt.Sprintf(zh, args...), "en": fmt.Sprintf(en, args...)}
}

func (r *Router) ask(q *Question, city City, fail func(string, data.Title, time.Time)) (*Answer, error) {
	a := &Answer{}
	if q.Place != nil && len(q.Place.Disputes) > 0 {
		zones := strings.Join(q.Place.Disputes, ", ")
		if city.Path(r.rules.Ruling) != nil {
			a.Duty = cases.Duty{Rule: "disputed", Organisation: r.rules.Ruling, Post: r.rules.RulingPost, Reason: say("位于争议区域（%s），由其裁定", "lies in a disputed zone (%s), on which it rules", zones)}
			return a, nil
		}
		a.Trace = append(a.Trace, Step{Rule: "disputed", Why: say("裁定单位“%s”不存在或已撤销", "%q, which rules on disputed zones, does not exist or has ended", r.rules.Ruling)})
	}
	for i := range r.rules.Rules {
		rule := &r.rules.Rules[i]
		if d, off := r.isOff(rule.ID); off {
			a.Trace = append(a.Trace, Step{Rule: rule.ID, Why: d.Why, Disabled: true})
			continue
		}
		duty, why, broken := rule.answer(q, city, r.rules.Zone)
		if why == nil {
			a.Duty = duty
			return a, nil
		}
		a.Trace = append(a.Trace, Step{Rule: rule.ID, Why: why, Disabled: broken})
		if broken {
			fail(rule.ID, why, q.At)
		}
	}
	return a, r.fall(q, city, a)
}

// fall goes from the entrance or building with staff of its own to the cell, and up through the areas to the last resort.
func (r *Router) fall(q *Question, city City, a *Answer) error {
	if q.Place != nil {
		duties := city.Duties(q.Place, q.Class.Code)
		pick := func(rule string, at data.Title, is func(*people.Duty) bool) bool {
			for i := range duties {
				d := &duties[i]
				if !is(d) {
					continue
				}
				if city.Path(d.Organisation) == nil {
					a.Trace = append(a.Trace, Step{Rule: rule, Why: gone(d.Organisation)})
					continue
				}
				a.Duty = cases.Duty{Rule: rule, Organisation: d.Organisation, Post: d.Post, Reason: at}
				return true
			}
			return false
		}
		if pick("fallback:subunit", say("没有规则适用，由所在楼门、楼幢负责", "no rule fits: whoever answers for the entrance or building"), func(d *people.Duty) bool {
			return d.Cell != nil && city.Subunit(*d.Cell)
		}) {
			return nil
		}
		if pick("fallback:cell", say("没有规则适用，由所在网格负责", "no rule fits: whoever answers for the cell"), func(d *people.Duty) bool { return d.Cell != nil }) {
			return nil
		}
		for _, level := range r.rules.Levels {
			if pick("fallback:"+level, data.Title{"zh": "没有规则适用，由所在" + levelInChinese(level) + "负责", "en": fmt.Sprintf("no rule fits: whoever answers for the area (%s)", level)}, func(d *people.Duty) bool {
				return d.Area != nil && d.Area.Level == level && (d.Role == people.RoleResponsible || d.Role == people.RoleManagement)
			}) {
				return nil
			}
		}
	}
	if city.Path(r.rules.Last) == nil {
		return &GoneError{Organisation: r.rules.Last}
	}
	a.Duty = cases.Duty{Rule: "fallback:last", Organisation: r.rules.Last, Reason: say("没有规则适用，也没有单位对该处负责", "no rule fits, and nobody answers for the place")}
	return nil
}

// levelInChinese is what an area of a level is called; a city may have levels of its own, which are named as they are.
func levelInChinese(level string) string {
	known := map[string]string{"city": "市", "district": "区", "county": "县", "street": "街道", "town": "乡镇", "community": "社区", "village": "村"}
	return cmp.Or(known[level], "区域（"+level+"）")
}

func gone(organisation string) data.Title {
	return say("单位“%s”不存在或已撤销", "the organisation %q does not exist or has ended", organisation)
}

// answer is what the rule says, or why it says nothing; broken says that it cannot say anything before somebody mends it.
func (r *Rule) answer(q *Question, city City, zone *time.Location) (duty cases.Duty, why data.Title, broken bool) {
	if why := r.misses(q, zone); why != nil {
		return duty, why, false
	}
	if r.Working != nil {
		working, err := city.Working(q.At)
		if err != nil {
			return duty, say("无法判断是否工作时间：%s", "nobody knows whether it is working time: %s", err), true
		}
		if working != *r.Working {
			return duty, say("工作时间不符", "it is the wrong time: working is %v", working), false
		}
	}
	duty = cases.Duty{
		Rule: r.ID, Reason: r.Reason, Organisation: r.Organisation, Post: r.Post, Limit: r.Limit, Priority: r.Priority, Automatic: r.Automatic,
	}
	switch {
	case r.Owner:
		// An owner that is gone is a fault of the part, not of the rule.
		if duty.Organisation = owner(q.Place); city.Path(duty.Organisation) == nil {
			return duty, gone(duty.Organisation), false
		}
	case r.Role != "":
		var all []people.Duty
		if q.Place != nil {
			all = city.Duties(q.Place, q.Class.Code)
		}
		i := slices.IndexFunc(all, func(d people.Duty) bool { return d.Role == r.Role && city.Path(d.Organisation) != nil })
		if i < 0 {
			return duty, data.Title{"zh": "该处没有" + r.Role.Chinese(), "en": fmt.Sprintf("nobody answers for the place as %s", r.Role)}, false
		}
		if duty.Organisation = all[i].Organisation; duty.Post == "" {
			duty.Post = all[i].Post
		}
	default:
		if city.Path(r.Organisation) == nil {
			return duty, gone(r.Organisation), true
		}
	}
	return duty, nil, false
}

func owner(p *cases.Place) string {
	if p == nil || len(p.Parts) == 0 {
		return ""
	}
	return p.Parts[0].Owner
}

// misses is the first condition that does not hold, nil when all do.
func (r *Rule) misses(q *Question, zone *time.Location) data.Title {
	p := q.Place
	if p == nil {
		p = &cases.Place{}
	}
	var part cases.Part
	if len(p.Parts) > 0 {
		part = p.Parts[0]
	}
	begins := func(prefix string) bool { return strings.HasPrefix(q.Class.Code, prefix) }
	among := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	for _, c := range []struct {
		holds  bool
		zh, en string
	}{
		{len(r.Classes) == 0 || slices.ContainsFunc(r.Classes, begins), "类别不符", "the class is another one"},
		{among(r.Editions, q.Class.Edition), "类别版本不符", "the edition of the class is another one"},
		{among(r.Kinds, q.Class.Kind), "部件、事件之别不符", "the kind of the class is another one"},
		{among(r.Sources, q.Source), "来源不符", "the source is another one"},
		{len(r.Areas) == 0 || slices.ContainsFunc(p.Areas, func(a cases.Area) bool { return slices.Contains(r.Areas, a.AreaKey) }), "区域不符", "it is in another area"},
		{len(r.Cells) == 0 || slices.ContainsFunc(p.Cells, func(c people.CellRef) bool { return slices.Contains(r.Cells, c) }), "网格不符", "it is in another cell"},
		{among(r.Layers, part.Layer), "部件图层不符", "the part is of another layer, or there is none"},
		{among(r.Owners, part.Owner), "权属单位不符", "the part belongs to somebody else, or there is none"},
		{!r.Owner || part.Owner != "", "没有部件权属单位", "there is no part with an owner"},
		{among(r.Levels, q.Level), "上报层级不符", "it comes from another level"},
		{r.inHours(q.At.In(zone)), "时间不符", "it is another time"},
	} {
		if !c.holds {
			return data.Title{"zh": c.zh, "en": c.en}
		}
	}
	return nil
}

func (r *Rule) inHours(t time.Time) bool {
	if len(r.Days) > 0 && !slices.Contains(r.Days, t.Weekday()) {
		return false
	}
	if r.Hours == nil {
		return true
	}
	now, from, to := t.Hour()*60+t.Minute(), r.Hours[0], r.Hours[1]
	if from < to {
		return now >= from && now < to
	}
	return now >= from || now < to
}
