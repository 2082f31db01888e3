package process

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/gewu-city/gewu/data"
)

// Print writes a table as Markdown in a language: its states, a diagram, every step with who takes it under which
// conditions, requests, clocks and fields. Posts are named by titles; one that has none is written as its id.
func (t *Table) Print(w io.Writer, lang string, posts map[string]data.Title) error {
	p := printer{t: t, lang: lang, posts: posts}
	p.all()
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	t     *Table
	b     strings.Builder
	lang  string
	posts map[string]data.Title
}

func (p *printer) say(zh, en string) string {
	if strings.HasPrefix(p.lang, "zh") {
		return zh
	}
	return en
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *printer) table(head ...string) {
	p.line("| %s |", strings.Join(head, " | "))
	p.line("|%s", strings.Repeat("---|", len(head)))
}

func (p *printer) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	p.line("| %s |", strings.Join(cells, " | "))
}

func (p *printer) all() {
	t := p.t
	p.line("# %s\n", t.Title.In(p.lang, t.Name))
	p.line("`%s`, %s %d.\n", t.Name, p.say("版本", "version"), t.Version)
	p.line("## %s\n", p.say("状态", "States"))
	p.table(p.say("代码", "code"), p.say("状态", "state"), p.say("责任岗位", "owner"), p.say("公众所见", "public"))
	for i := range t.States {
		s := &t.States[i]
		p.row("`"+s.ID+"`", s.Title.In(p.lang, s.ID), cmp.Or(p.postList(s.Owner), "–"), s.Public)
	}
	p.diagram()
	p.line("\n## %s\n", p.say("操作", "Steps"))
	p.table(p.say("状态", "state"), p.say("操作", "action"), p.say("岗位", "posts"), p.say("条件", "conditions"), p.say("必填", "required"),
		p.say("下一状态", "next"), p.say("时钟", "clocks"), p.say("其他", "besides"))
	t.each(func(s *Step) {
		if s.Request == "" {
			p.step(s)
		}
	})
	p.requests()
	p.separation()
	p.names()
}

func (p *printer) state(id string) string {
	switch id {
	case New:
		return p.say("（新建）", "(new)")
	case Previous:
		return p.say("（原状态）", "(the one before)")
	}
	return p.t.states[id].Title.In(p.lang, id)
}

func (p *printer) postList(posts []string) string {
	out := make([]string, len(posts))
	for i, id := range posts {
		out[i] = p.posts[id].In(p.lang, id)
		if id == System {
			out[i] = p.say("系统", "system")
		}
	}
	return strings.Join(out, ", ")
}

func (p *printer) fieldList(fields []string) string {
	out := make([]string, len(fields))
	for i, id := range fields {
		out[i] = p.t.fields[id].Title.In(p.lang, id)
	}
	return strings.Join(out, ", ")
}

func (p *printer) clocks(effects []Effect) string {
	words := map[Do][2]string{
		Start: {"启动", "start"}, Stop: {"停止", "stop"}, Pause: {"暂停", "pause"}, Resume: {"恢复", "resume"},
		Extend: {"延长", "extend"}, Reset: {"重新计时", "reset"}, Continue: {"续计（换单位重新计时）", "go on (reset for another unit)"},
	}
	var out []string
	for _, e := range effects {
		for i := range p.t.Clocks {
			if c := &p.t.Clocks[i]; c.ID == e.Clock {
				out = append(out, c.Title.In(p.lang, c.ID)+" "+p.say(words[e.Do][0], words[e.Do][1]))
			}
		}
	}
	return strings.Join(out, "; ")
}

func (p *printer) guards(guards []Guard) string {
	var out []string
	for _, g := range guards {
		out = append(out, g.Title().In(p.lang, g.String()))
	}
	return strings.Join(out, "; ")
}

func (p *printer) step(s *Step) {
	to := p.state(s.To)
	if s.To == s.State {
		to = p.say("不变", "stays")
	}
	p.row(p.state(s.State), p.t.actions[s.Action].Title.In(p.lang, s.Action), p.postList(s.Posts), p.guards(s.Guards),
		p.fieldList(s.Require), to, p.clocks(s.Clocks), p.besides(s))
}

func (p *printer) besides(s *Step) string {
	var out []string
	add := func(when bool, zh, en string) {
		if when {
			out = append(out, p.say(zh, en))
		}
	}
	add(s.Unit == Set, "交给所填单位", "the unit filled in has it")
	add(s.Unit == Push, "转给所填单位，结果逐级返回", "handed on, results come back")
	add(s.Unit == Pop, "返回上一承办单位", "back to the unit before")
	add(s.Unit == Clear, "收回承办单位", "no unit has it")
	add(s.Task, "派给个人", "given to a person")
	add(s.Untask, "收回个人任务", "taken back from the person")
	add(s.Snapshot, "重新定位", "the place is looked up again")
	add(s.Split, "分解子案件", "a case for each unit")
	for _, n := range []struct {
		id     string
		zh, en string
		names  []Name
	}{{s.Mark, "标记：", "mark: ", p.t.Marks}, {s.Unmark, "取消标记：", "unmark: ", p.t.Marks}, {s.Count, "计数：", "counts: ", p.t.Counts}} {
		if n.id != "" {
			out = append(out, p.say(n.zh, n.en)+nameOf(n.names, n.id).In(p.lang, n.id))
		}
	}
	return strings.Join(out, "; ")
}

func nameOf(all []Name, id string) data.Title {
	for _, n := range all {
		if n.ID == id {
			return n.Title
		}
	}
	return nil
}

// diagram draws the steps between states as Mermaid; those that stay are left out, and steps between the same two states
// share an arrow.
func (p *printer) diagram() {
	p.line("\n```mermaid\nstateDiagram-v2")
	for i := range p.t.States {
		s := &p.t.States[i]
		p.line("  state %q as %s", s.Title.In(p.lang, s.ID), drawn(s.ID))
	}
	type arrow struct{ from, to string }
	var order []arrow
	labels := map[arrow][]string{}
	p.t.each(func(s *Step) {
		for _, to := range p.t.targets(s) {
			a := arrow{s.State, to}
			if s.State == to || s.Request != "" && s.Part != Grant {
				continue
			}
			if labels[a] == nil {
				order = append(order, a)
			}
			labels[a] = append(labels[a], p.t.actions[s.Action].Title.In(p.lang, s.Action))
		}
	})
	for _, a := range order {
		from := drawn(a.from)
		if a.from == New {
			from = "[*]"
		}
		p.line("  %s --> %s: %s", from, drawn(a.to), strings.ReplaceAll(strings.Join(labels[a], " / "), ":", " –"))
	}
	for i := range p.t.States {
		if s := &p.t.States[i]; s.Final {
			p.line("  %s --> [*]", drawn(s.ID))
		}
	}
	p.line("```")
}

func drawn(state string) string { return strings.ReplaceAll(state, "-", "_") }

func (p *printer) requests() {
	if len(p.t.Requests) == 0 {
		return
	}
	p.line("\n## %s\n", p.say("申请与审批", "Requests"))
	p.table(p.say("申请", "request"), p.say("状态", "states"), p.say("申请岗位", "who asks"), p.say("条件", "conditions"), p.say("必填", "required"),
		p.say("审批岗位", "who decides"), p.say("批准后状态", "then"), p.say("时钟", "clocks"))
	for i := range p.t.Requests {
		r := &p.t.Requests[i]
		var states, stages []string
		for _, s := range r.States {
			states = append(states, p.state(s))
		}
		for _, stage := range r.Decide {
			stages = append(stages, p.postList(stage))
		}
		to := p.say("不变", "stays")
		if r.To != "" {
			to = p.state(r.To)
		}
		p.row(r.Title.In(p.lang, r.ID), strings.Join(states, ", "), p.postList(r.Posts), p.guards(r.Guards), p.fieldList(r.Require),
			strings.Join(stages, " → "), to, p.clocks(r.Clocks))
	}
}

func (p *printer) separation() {
	if len(p.t.Separation) == 0 {
		return
	}
	p.line("\n## %s\n", p.say("职责分离", "Separation of duty"))
	p.table(p.say("做过", "who did"), p.say("不得再做", "never does"), p.say("按", "by"))
	for _, s := range p.t.Separation {
		by := p.say("人", "person")
		if s.ByOrganisation {
			by = p.say("单位", "organisation")
		}
		p.row(p.actions(s.Did), p.actions(s.Never), by)
	}
}

func (p *printer) actions(ids []string) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = p.t.actions[id].Title.In(p.lang, id)
	}
	return strings.Join(out, ", ")
}

func (p *printer) names() {
	p.line("\n## %s\n", p.say("时钟", "Clocks"))
	p.table(p.say("代码", "code"), p.say("时钟", "clock"), p.say("缺省时限", "limit by default"))
	for i := range p.t.Clocks {
		c := &p.t.Clocks[i]
		limit := c.Limit
		switch {
		case c.Limit == "":
			limit = p.say("按类别", "by class")
		case c.ByClass:
			limit = p.say("按类别，否则 ", "by class, else ") + c.Limit
		}
		p.row("`"+c.ID+"`", c.Title.In(p.lang, c.ID), limit)
	}
}
