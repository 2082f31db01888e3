package casework

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/cases/notice"
	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/store"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data/catalogue"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/server/casework/place"
)

// words say what messages say, in the texts of the profile. A message says how the case stands when it is read or sent: one
// that comes after a day of tries would else say what is not so any more.
type words struct {
	profile *profile.Profile
	tables  func() *process.Versions
	cases   *store.Store
	ledger  *timing.Ledger
	// base is how clients reach the server, without a slash at its end; empty gives no links.
	base string
}

// Text is the subject and the text of a message in a language. There is nothing personal in it, and for whoever sees a case
// as the public does no address.
func (w *words) Text(m *notice.Message, lang string) (subject, text string) {
	about := profile.Notice{Case: m.Case, Action: m.Event}
	if w.base != "" {
		about.Link = w.base + "/cases/" + url.PathEscape(m.Case)
	}
	if is, ok := w.cases.Find(m.Case); ok {
		w.state(&about, m, &is, lang)
	}
	if m.Event == notice.Reminds {
		about.Action = map[bool]string{true: "催办", false: "Reminder"}[lang == "zh"]
	}
	if rule := w.profile.Timing.Rules.Rule(m.Clock); rule != nil {
		about.Action = cmp.Or(rule.Title.In(lang, ""), m.Clock) + map[bool]string{true: "：", false: ": "}[lang == "zh"] + w.mark(m, lang)
	}
	return w.profile.Notices.Text(m.Event, lang, &about)
}

// state fills in what a case is now.
func (w *words) state(about *profile.Notice, m *notice.Message, is *store.Summary, lang string) {
	if t, ok := w.tables().Table(is.Process.Name, is.Process.Version); ok {
		if state, ok := t.State(is.State); ok {
			about.State = state.Title.In(lang, is.State)
		}
		if action, ok := t.Action(m.Event); ok {
			about.Action = action.Title.In(lang, m.Event)
		}
	}
	key := catalogue.Key{Edition: cmp.Or(is.Class.Edition, w.profile.Timing.Table.Edition()), Kind: catalogue.Kind(is.Class.Kind), Code: is.Class.Code}
	if class, ok := w.profile.Timing.Table.Class(key); ok {
		about.Class = place.TitleOf(&class).In(lang, is.Class.Code)
	}
	due := is.Due
	if m.Clock != "" {
		if clocks, err := w.ledger.Of(context.Background(), m.Case); err == nil {
			due = clocks.DueOf(m.Clock)
		}
	}
	if !due.IsZero() {
		about.Due = due.In(w.profile.Zone).Format("2006-01-02 15:04")
	}
	if m.Public {
		return
	}
	if c, err := w.cases.Case(context.Background(), m.Case); err == nil && c.Place() != nil {
		about.Address = c.Place().Address
	}
}

// mark is what the mark is called that a message tells of.
func (w *words) mark(m *notice.Message, lang string) string {
	rule := w.profile.Timing.Rules.Rule(m.Clock)
	for i := range rule.Marks {
		if rule.Marks[i].Kind == m.Event && rule.Marks[i].Level == m.Level {
			return rule.Marks[i].Title.In(lang, m.Event)
		}
	}
	return m.Event
}

// events are what subscriptions may name, in order: actions of the processes, kinds of marks, what is heard of other cases, and
// reminders.
func (w *words) events() []string {
	list := []string{notice.Reminds, string(cases.Joined), string(cases.Left), string(cases.Rested), string(cases.Rose)}
	for t := range w.tables().All() {
		for i := range t.Actions {
			list = append(list, t.Actions[i].ID)
		}
	}
	for i := range w.profile.Timing.Rules.Clocks {
		for _, m := range w.profile.Timing.Rules.Clocks[i].Marks {
			list = append(list, m.Kind)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// class reports whether there is a class that begins as a subscription names it: edition, kind and the beginning of a code.
func (w *words) class(name string) bool {
	part := append(strings.Fields(name), "")
	return slices.ContainsFunc(w.profile.Timing.Table.Classes(part[0]), func(c class.Class) bool {
		return string(c.Kind) == part[1] && strings.HasPrefix(c.Code, part[2])
	})
}

// unsubscribe is where whoever gets a mail ends the subscription that it is for; empty where nobody subscribed, or nobody knows
// how clients reach the server.
func (w *words) unsubscribe(file *outbox.File) func(*notice.Message) string {
	return func(m *notice.Message) string {
		if m.Subscription == "" || w.base == "" {
			return ""
		}
		return w.base + "/v1/unsubscribe/" + file.Token(m.Subscription)
	}
}

// mail is a text with the link that ends the subscription below it, for people whose programs do not show the header.
func (w *words) mail(text func(*notice.Message) (subject, text string), file *outbox.File) func(*notice.Message) (subject, text string) {
	link := w.unsubscribe(file)
	return func(m *notice.Message) (subject, body string) {
		subject, body = text(m)
		if to := link(m); to != "" {
			body += "\n\n-- \n" + map[bool]string{true: "Unsubscribe: ", false: "退订："}[m.Lang == "en"] + to + "\n"
		}
		return subject, body
	}
}
