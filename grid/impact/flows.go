package impact

import (
	"cmp"
	"iter"
	"slices"

	"github.com/gewu-city/gewu/geo"
)

// Flow is the points that come from one cell to another, or stay in a cell that changes; an empty code is ground that no
// cell has.
type Flow struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Count int    `json:"count"`
	// Amount is what the points weigh together, such as households.
	Amount float64 `json:"amount"`
}

// Moved reports whether the points change their cell.
func (f Flow) Moved() bool { return f.From != f.To }

// Flows are what the change does to one kind of point.
type Flows struct {
	// Points is how many points there are, Located how many lay near enough to what changed to be located again.
	Points  int `json:"points"`
	Located int `json:"located"`
	// Moved and MovedAmount add up those that change their cell.
	Moved       int     `json:"moved"`
	MovedAmount float64 `json:"moved_amount"`
	// List is ascending by From and To. It has all points that change their cell, and those that stay in cells that changed.
	List []Flow `json:"flows"`
}

// Flows locates points in both sets, each with what it weighs. Points where nothing changed are told apart in some
// nanoseconds.
func (c *Change) Flows(points iter.Seq2[geo.Point, float64]) Flows {
	f := Flows{List: []Flow{}}
	type sum struct {
		count  int
		amount float64
	}
	sums := map[[2]int32]*sum{}
	var last [2]int32
	var into *sum
	for p, amount := range points {
		f.Points++
		at, ok := c.field.bucket(p)
		if !ok || c.old.start[at] == c.old.start[at+1] && c.new.start[at] == c.new.start[at+1] {
			continue
		}
		f.Located++
		was, is := c.old.owner(at, p), c.new.owner(at, p)
		pair := [2]int32{-1, -1}
		if was >= 0 {
			pair[0] = c.old.code[was]
		}
		if is >= 0 {
			pair[1] = c.new.code[is]
		}
		if into == nil || pair != last {
			if into = sums[pair]; into == nil {
				into = &sum{}
				sums[pair] = into
			}
			last = pair
		}
		into.count++
		into.amount += amount
	}
	for pair, s := range sums {
		from, to := c.name(pair[0]), c.name(pair[1])
		switch {
		case pair[0] != pair[1]:
			f.Moved += s.count
		case pair[0] < 0 || !c.touched[pair[0]]:
			continue // others of such cells may lie where nothing changed
		}
		f.List = append(f.List, Flow{from, to, s.count, s.amount})
	}
	slices.SortFunc(f.List, func(a, b Flow) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	for _, flow := range f.List {
		if flow.Moved() {
			f.MovedAmount += flow.Amount
		}
	}
	return f
}

// Locate tells which cells own a point before and after, by their codes; an empty one is ground that no cell has. near is
// false for points where nothing changed: they stay where they are.
func (c *Change) Locate(p geo.Point) (from, to string, near bool) {
	at, ok := c.field.bucket(p)
	if !ok || c.old.start[at] == c.old.start[at+1] && c.new.start[at] == c.new.start[at+1] {
		return "", "", false
	}
	if i := c.old.owner(at, p); i >= 0 {
		from = c.name(c.old.code[i])
	}
	if i := c.new.owner(at, p); i >= 0 {
		to = c.name(c.new.code[i])
	}
	return from, to, true
}

// name is the code with a number, empty for none.
func (c *Change) name(code int32) string {
	if code < 0 {
		return ""
	}
	return c.codes[code]
}

// Count is how many points a cell that changes has before and after.
type Count struct {
	Code         string  `json:"code"`
	Before       int     `json:"before"`
	After        int     `json:"after"`
	AmountBefore float64 `json:"amount_before"`
	AmountAfter  float64 `json:"amount_after"`
}

// Counts are the numbers of points of the cells of [Change.Rows], in that order.
func (c *Change) Counts(f Flows) []Count {
	out := make([]Count, len(c.rows))
	at := make(map[string]int, len(c.rows))
	for i, r := range c.rows {
		out[i].Code = r.Code
		at[r.Code] = i
	}
	for _, flow := range f.List {
		if i, ok := at[flow.From]; ok {
			out[i].Before += flow.Count
			out[i].AmountBefore += flow.Amount
		}
		if i, ok := at[flow.To]; ok {
			out[i].After += flow.Count
			out[i].AmountAfter += flow.Amount
		}
	}
	return out
}

// Ground are the areas that come from one cell to another, and those that stay in cells that change; ascending by From and
// To. Areas below a hundredth of a square metre are noise of rounding and left out.
func (c *Change) Ground() []Share {
	type pair struct{ from, to int32 }
	areas := map[pair]float64{}
	var measure geo.Overlaps
	seen := map[pair]bool{}
	was, is := map[int32]float64{}, map[int32]float64{}
	for _, i := range c.old.listed {
		was[c.old.code[i]] += c.old.cells[i].Shape.Area()
	}
	for _, j := range c.new.listed {
		is[c.new.code[j]] += c.new.cells[j].Shape.Area()
	}
	left, come := map[int32]float64{}, map[int32]float64{}
	for _, i := range c.old.listed {
		c.field.each(c.old.boxes[i], func(at uint32) {
			for _, j := range c.new.in[c.new.start[at]:c.new.start[at+1]] {
				k := pair{i, j}
				if seen[k] || !c.old.changed[i] && !c.new.changed[j] || !c.old.boxes[i].Intersects(c.new.boxes[j]) {
					continue
				}
				seen[k] = true
				if area := measure.Area(c.old.cells[i].Shape, c.new.cells[j].Shape); area >= noise {
					areas[pair{c.old.code[i], c.new.code[j]}] += area
					left[c.old.code[i]] += area
					come[c.new.code[j]] += area
				}
			}
		})
	}
	for code, area := range was {
		if rest := area - left[code]; c.touched[code] && rest >= max(noise, area*1e-9) {
			areas[pair{code, -1}] = rest
		}
	}
	for code, area := range is {
		if rest := area - come[code]; c.touched[code] && rest >= max(noise, area*1e-9) {
			areas[pair{-1, code}] = rest
		}
	}
	out := make([]Share, 0, len(areas))
	for p, area := range areas {
		s := Share{From: c.name(p.from), To: c.name(p.to), Area: centi(area)}
		whole := was[p.from]
		if p.from < 0 {
			whole = is[p.to]
		}
		if whole > 0 {
			s.Share = min(1, area/whole)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Share) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out
}

// noise is an area in square metres: a hundred square units are less.
const noise = 0.01
