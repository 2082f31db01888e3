// Package lights is the clocks of a case as they are shown, with the light of each and of the whole.
package lights

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gewu-city/gewu/cases/clock"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/timing"
	"github.com/gewu-city/gewu/data"
)

// Clock is a clock of a case.
type Clock struct {
	Clock string      `json:"clock"`
	Title data.Title  `json:"title"`
	State clock.State `json:"state"`
	Limit string      `json:"limit,omitempty"`
	Due   time.Time   `json:"due,omitzero"`
	// UsedS is how much of the limit was used, in seconds of the measure of the limit.
	UsedS float64     `json:"used_s"`
	Light clock.Light `json:"light"`
	Late  bool        `json:"late,omitempty"`
	// Fault is why the due time is not known: the table of holidays ends before.
	Fault string `json:"fault,omitempty"`
	// FaultReason is that for people.
	FaultReason data.Title `json:"fault_reason,omitempty"`
}

// Of are the clocks of a case under its process, and the light of the whole: the one that wants most attention. The error is that
// of the ledger.
func Of(ctx context.Context, ledger *timing.Ledger, city *timing.City, id string, t *process.Table, now time.Time) ([]Clock, clock.Light, error) {
	clocks, err := ledger.Of(ctx, id)
	if err != nil {
		return nil, "", err
	}
	book := city.Newest()
	out, worst := []Clock{}, clock.Dark
	for i := range t.Clocks {
		c := clocks.Clock(t.Clocks[i].ID)
		if c == nil {
			continue
		}
		rule := city.Rules.Rule(c.Name)
		if rule == nil {
			rule = &clock.Rule{Name: c.Name}
		}
		one := Clock{Clock: c.Name, Title: t.Clocks[i].Title, State: c.State, Due: c.Due, Light: rule.Light(c, now, book), Late: c.Late, Fault: c.Fault}
		if !c.Limit.IsZero() {
			one.Limit = c.Limit.String()
		}
		if left, err := c.Left(now, book); err == nil && c.Fault == "" {
			one.UsedS = max(0, (c.Limit.Span - left).Seconds())
		}
		if ends, ok := errors.AsType[titled](c.Trouble(book)); ok {
			one.FaultReason = ends.Title()
		}
		if Attention(one.Light) > Attention(worst) {
			worst = one.Light
		}
		out = append(out, one)
	}
	return out, worst, nil
}

// titled is an error that says in both languages what it is.
type titled interface {
	error
	Title() data.Title
}

// Attention orders lights by how much they want to be looked at.
func Attention(l clock.Light) int {
	return slices.Index([]clock.Light{clock.Dark, clock.Grey, clock.Green, clock.Yellow, clock.Red}, l)
}
