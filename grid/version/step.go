package version

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/grid/coverage"
	"github.com/gewu-city/gewu/grid/coverage/edit"
)

// Place is a point as JSON has it: [longitude, latitude] in degrees.
type Place geo.Point

// MarshalJSON implements json.Marshaler.
func (p Place) MarshalJSON() ([]byte, error) {
	b := append([]byte{'['}, strconv.FormatFloat(geo.Point(p).Lon(), 'f', -1, 64)...)
	b = append(append(b, ','), strconv.FormatFloat(geo.Point(p).Lat(), 'f', -1, 64)...)
	return append(b, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Place) UnmarshalJSON(b []byte) error {
	var xy []float64
	if err := json.Unmarshal(b, &xy); err != nil || len(xy) != 2 {
		return errors.New("must be [longitude, latitude]")
	}
	at, ok := geo.FromDegrees(xy[0], xy[1])
	if !ok {
		return fmt.Errorf("[%v, %v] is no longitude and latitude in degrees", xy[0], xy[1])
	}
	*p = Place(at)
	return nil
}

// Codeline is a cell and the area that it goes to.
type Codeline struct {
	Code   string `json:"code"`
	Parent string `json:"parent"`
}

// Choice says who gets the ground of one defect of an import: the cell with a code, nobody without one.
type Choice struct {
	At   Place  `json:"at"`
	Code string `json:"code"`
}

// Step is an operation on a draft as clients write it and as the log keeps it. Which members matter depends on Op, see
// [ParseStep].
type Step struct {
	Op     string            `json:"op"`
	From   *Place            `json:"from,omitempty"`
	To     *Place            `json:"to,omitempty"`
	A      *Place            `json:"a,omitempty"`
	B      *Place            `json:"b,omitempty"`
	At     *Place            `json:"at,omitempty"`
	Line   []Place           `json:"line,omitempty"`
	Ring   []Place           `json:"ring,omitempty"`
	Code   string            `json:"code,omitempty"`
	Codes  []string          `json:"codes,omitempty"`
	New    []string          `json:"new,omitempty"`
	Keep   string            `json:"keep,omitempty"`
	KeepAt *Place            `json:"keep_at,omitempty"`
	Parent string            `json:"parent,omitempty"`
	List   []Codeline        `json:"list,omitempty"`
	Set    map[string]string `json:"set,omitempty"`
	// Parents are areas of the level above: those that are renumbered, or replaced by an import.
	Parents []string `json:"parents,omitempty"`
	// Into is the area that those of Codes join, Level theirs; Renames are the areas below that get other codes.
	Into    string     `json:"into,omitempty"`
	Level   string     `json:"level,omitempty"`
	Renames []AreaCode `json:"renames,omitempty"`
	// The rest belongs to an import.
	Rule     coverage.Rule `json:"rule,omitempty"`
	Order    []string      `json:"order,omitempty"`
	Choices  []Choice      `json:"choices,omitempty"`
	FixRings bool          `json:"fix_rings,omitempty"`
	// Parts is the number of records that hold the cells.
	Parts int             `json:"parts,omitempty"`
	Cells []coverage.Cell `json:"-"`
	// By is who did it.
	By string `json:"by,omitempty"`
}

// The operations that are none of package edit.
const (
	OpImport   = "import"
	OpRenumber = "renumber"
	// OpJoin makes areas, such as a whole district, parts of another one of their level.
	OpJoin = "join"
	// OpRestore is an import of an earlier version, whose codes come back with their ground.
	OpRestore = "restore"
)

// members are what an operation must have and may have.
type members struct{ must, may []string }

func operations() map[string]members {
	return map[string]members{
		"move_vertex":    {must: []string{"from", "to"}},
		"insert_vertex":  {must: []string{"a", "b", "at"}},
		"delete_vertex":  {must: []string{"at"}},
		"reshape":        {must: []string{"line"}},
		"split":          {must: []string{"code", "line"}, may: []string{"new", "keep_at"}},
		"merge":          {must: []string{"codes"}, may: []string{"keep"}},
		"carve":          {must: []string{"code", "ring"}, may: []string{"new"}},
		"absorb":         {must: []string{"code", "ring"}},
		"reassign":       {must: []string{"codes", "parent"}},
		"assign":         {must: []string{"list"}},
		"lock":           {must: []string{"codes"}},
		"unlock":         {must: []string{"codes"}},
		"set_attributes": {must: []string{"code", "set"}},
		OpRenumber:       {may: []string{"parents"}},
		OpJoin:           {must: []string{"codes", "into"}, may: []string{"level", "renames"}},
	}
}

// Operations are the names of all operations that [ParseStep] reads, ascending.
func Operations() []string {
	var out []string
	for name := range operations() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Bounds of one operation.
const (
	MostPoints = 100_000
	MostCodes  = 100_000
)

// ParseStep reads an operation, such as {"op":"move_vertex","from":[121.5,25],"to":[121.6,25]}. Members that an operation
// does not have are refused, as are those that it lacks. The error is a *[data.FieldError].
func ParseStep(text []byte) (*Step, error) {
	var given map[string]json.RawMessage
	bad := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	if err := json.Unmarshal(text, &given); err != nil || given == nil {
		return nil, bad("op", "", `must be in a JSON object, such as {"op":"delete_vertex","at":[121.5,25]}`)
	}
	var op string
	if err := json.Unmarshal(given["op"], &op); err != nil {
		return nil, bad("op", "", "is missing; it is one of "+strings.Join(Operations(), ", "))
	}
	has, ok := operations()[op]
	if !ok {
		return nil, bad("op", op, "is no operation; there are "+strings.Join(Operations(), ", "))
	}
	for _, name := range has.must {
		if v, ok := given[name]; !ok || bytes.Equal(v, []byte("null")) {
			return nil, bad(name, "", "is missing; "+op+" needs "+strings.Join(has.must, ", "))
		}
	}
	s := &Step{Op: op}
	for name, value := range given {
		if name == "op" {
			continue
		}
		if !slices.Contains(has.must, name) && !slices.Contains(has.may, name) {
			return nil, bad(name, "", "is no member of "+op+"; it has "+strings.Join(append(slices.Clone(has.must), has.may...), ", "))
		}
		// One member at a time, so that the error names it.
		one, err := json.Marshal(map[string]json.RawMessage{name: value})
		if err != nil {
			return nil, bad(name, "", "is not JSON")
		}
		if err := json.Unmarshal(one, s); err != nil {
			return nil, bad(name, "", wrong(err))
		}
	}
	return s, s.bounds()
}

// wrong says what is wrong with the form of a member.
func wrong(err error) string {
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "must not be " + kind.Value
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

func (s *Step) bounds() error {
	bad := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	if n := len(s.Line) + len(s.Ring); n > MostPoints {
		return bad("line", strconv.Itoa(n), fmt.Sprintf("has more than %d points", MostPoints))
	}
	if n := len(s.Codes) + len(s.New) + len(s.List) + len(s.Set) + len(s.Parents) + len(s.Renames); n > MostCodes {
		return bad("codes", strconv.Itoa(n), fmt.Sprintf("are more than %d", MostCodes))
	}
	for i, a := range s.Renames {
		if err := checkCode(fmt.Sprintf("renames[%d].new", i), a.New); err != nil {
			return err
		}
	}
	for _, c := range s.New {
		if err := checkCode("new", c); err != nil {
			return err
		}
	}
	if s.Op == "carve" && len(s.New) > 1 {
		return bad("new", strings.Join(s.New, ","), "must be one code: a ring carves one cell")
	}
	return nil
}

// checkCode refuses texts that cannot be codes, among them those that stand for codes to come.
func checkCode(field, code string) error {
	if err := data.CheckID(code); err != nil {
		return &data.FieldError{Field: field, Value: code, Why: "must be UTF-8 of 1 to 128 bytes without control characters"}
	}
	if provisional(code) || renumbered(code) {
		return &data.FieldError{Field: field, Value: code, Why: "must not begin with ~ or #: such codes stand for those that a check gives"}
	}
	return nil
}

// A cell without a code of its own yet has a provisional one: ~STEP.PIECE. One that is to be renumbered has its old code
// behind a #.
func provisional(code string) bool { return strings.HasPrefix(code, "~") }
func renumbered(code string) bool  { return strings.HasPrefix(code, "#") }

func points(list []Place) []geo.Point {
	out := make([]geo.Point, len(list))
	for i, p := range list {
		out[i] = geo.Point(p)
	}
	return out
}

// edit is the operation of package edit, nil for one that is none.
func (s *Step) edit() edit.Op {
	at := func(p *Place) geo.Point { return geo.Point(*p) }
	switch s.Op {
	case "move_vertex":
		return edit.MoveVertex{From: at(s.From), To: at(s.To)}
	case "insert_vertex":
		return edit.InsertVertex{A: at(s.A), B: at(s.B), At: at(s.At)}
	case "delete_vertex":
		return edit.DeleteVertex{At: at(s.At)}
	case "reshape":
		return edit.Reshape{Line: points(s.Line)}
	case "split":
		op := edit.Split{Code: s.Code, Line: points(s.Line), New: s.New}
		if s.KeepAt != nil {
			op.Keep = (*geo.Point)(s.KeepAt)
		}
		return op
	case "merge":
		return edit.Merge{Codes: s.Codes, Keep: s.Keep}
	case "carve":
		return edit.Carve{Code: s.Code, Ring: points(s.Ring), New: s.New[0]}
	case "absorb":
		return edit.Absorb{Code: s.Code, Ring: points(s.Ring)}
	case "reassign":
		return edit.Reassign{Codes: s.Codes, Parent: s.Parent}
	case "assign":
		list := make([]edit.Assignment, len(s.List))
		for i, l := range s.List {
			list[i] = edit.Assignment{Code: l.Code, Parent: l.Parent}
		}
		return edit.Assign{List: list}
	case "lock", "unlock":
		return edit.Lock{Codes: s.Codes, Unlock: s.Op == "unlock"}
	case "set_attributes":
		return edit.SetAttributes{Code: s.Code, Set: s.Set}
	case OpRenumber:
		return renumber{s.Parents}
	}
	return nil
}
