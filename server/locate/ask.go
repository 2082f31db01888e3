package locate

import (
	"strings"

	"github.com/gewu-city/gewu/grid"
	"github.com/gewu-city/gewu/server/answer"
	"github.com/gewu-city/gewu/server/rest"
)

// mostRadius is the largest radius in metres that may be asked for.
const mostRadius = 5000

// included are the names that the parameter include takes.
var included = []struct {
	name    string
	members answer.Members
}{
	{"areas", answer.Areas}, {"cells", answer.Cells}, {"address", answer.Address}, {"parts", answer.Parts}, {"duties", answer.Duties}, {"disputes", answer.Disputes}, {"edge", 0},
}

// what is what a request wants of a place.
type what struct {
	grid.Ask
	include answer.Members
	// class is the one of the things that duties are asked for, empty for all.
	class string
}

// ask reads what is wanted; standard is what is meant by no include.
func ask(q *rest.Params, standard answer.Members) what {
	w := what{include: standard}
	w.Scheme = q.Text("scheme")
	if list := q.Text("include"); list != "" {
		w.include = 0
		for name := range strings.SplitSeq(list, ",") {
			w.add(q, strings.TrimSpace(name))
		}
	}
	// Duties follow from areas and cells.
	w.Areas, w.Cells = w.include&(answer.Areas|answer.Duties) != 0, w.include&(answer.Cells|answer.Duties) != 0
	w.class = q.Text("class")
	if w.include&answer.Address != 0 {
		w.AddressMeters = grid.Everything.AddressMeters
	}
	if w.include&answer.Parts != 0 {
		w.PartMeters, w.MostParts = grid.Everything.PartMeters, grid.Everything.MostParts
	}
	if w.WithinMeters = q.UpTo("radius", mostRadius); w.WithinMeters > 0 {
		w.include |= answer.Within
	}
	return w
}

func (w *what) add(q *rest.Params, name string) {
	var known []string
	for _, i := range included {
		if i.name == name {
			w.include |= i.members
			w.Edge = w.Edge || name == "edge"
			return
		}
		known = append(known, i.name)
	}
	q.Fail(rest.Fault(rest.BadRequest, "include", name, "is nothing that can be included; there are "+strings.Join(known, ", ")))
}

// askRows reads what is wanted of rows: as ask, and the rule for lines and polygons, which come as NDJSON.
func askRows(q *rest.Params, kind string) what {
	w := ask(q, answer.Areas|answer.Cells|answer.Address)
	w.Rule = grid.Rule(q.OneOf("rule", string(grid.RuleShare), string(grid.RulePoint)))
	w.Shares = q.UpTo("shares", 1)
	if kind == rest.TypeNDJSON {
		return w
	}
	for name, members := range map[string]answer.Members{"parts": answer.Parts, "duties": answer.Duties} {
		if w.include&members != 0 {
			q.Fail(rest.Fault(rest.BadRequest, "include", name, "is a list, for which a row of CSV has no column; send NDJSON"))
		}
	}
	for _, name := range []string{"radius", "rule", "shares"} {
		if value := q.Text(name); value != "" {
			q.Fail(rest.Fault(rest.BadRequest, name, value, "is for NDJSON; rows of CSV are points and have no column for lists"))
		}
	}
	return w
}
