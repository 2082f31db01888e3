package gazetteer

import (
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// InForce reports whether the thing of a Sense is there at a time, and from when until when it is in words, which are empty
// where it has no dates: building sites and events. Days are those of the zone of the time, the last one included. At no
// time, the zero one, everything is there.
func (g *Gazetteer) InForce(s Sense, when time.Time) (there bool, dates string) {
	if s.Kind != Landmark || when.IsZero() {
		return true, ""
	}
	src := &g.sources[s.Layer]
	from, until := dateOf(src.layer, s.Slot, src.from), dateOf(src.layer, s.Slot, src.until)
	if from.Null() && until.Null() {
		return true, ""
	}
	there = (from.Null() || compare(from, when) <= 0) && (until.Null() || compare(until, when) >= 0)
	return there, from.String() + "/" + until.String()
}

// dateOf is the attribute of a feature with a date, null where none has.
func dateOf(l *index.Layer, s index.Slot, attribute int) (v data.Value) {
	if attribute < 0 {
		return v
	}
	return l.Value(s, attribute)
}

// compare says how a date or a moment lies to a time: a date is before it when its day is over.
func compare(v data.Value, when time.Time) int {
	if v.Type() == data.Date {
		return v.Time().Compare(data.DateValue(when).Time())
	}
	return v.Time().Compare(when)
}
