package drafts

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/grid/version"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// listed is a version as it is shown.
type listed struct {
	*version.Record
	State  version.Standing `json:"state"`
	Reason string           `json:"reason,omitempty"`
	// Until is when the next version took effect, or will.
	Until *time.Time `json:"until,omitempty"`
	// Recorded is the entry that recorded the version.
	Recorded data.Seq `json:"recorded"`
}

// scheme is the scheme of a request in the newest World, all of it.
func (a *API) scheme(r *http.Request, q *rest.Params) (*index.World, string, error) {
	world, err := a.World(r, q)
	if err != nil {
		return nil, "", err
	}
	name := mux.Vars(r)["scheme"]
	if _, ok := world.Scheme(name); !ok || !a.sees(r, name) {
		return nil, "", unknownScheme(world, name)
	}
	return world.Whole(), name, nil
}

// Versions lists the versions of a scheme: GET /v1/schemes/{scheme}/versions. Who drew, approved and published them is told
// to those who may read drafts.
func (a *API) Versions(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, scheme, err := a.scheme(r, q)
	if err != nil {
		return err
	}
	if err := q.Done(""); err != nil {
		return err
	}
	list := []listed{}
	for _, v := range version.Versions(world, scheme) {
		shown := *v
		if mayRead(r) != nil {
			shown.Author, shown.Approved, shown.Published, shown.Draft = "", nil, nil, ""
		}
		list = append(list, listed{&shown, v.State(world), v.Reason(world), nil, v.Seq()})
	}
	for i := range list {
		for k := i + 1; k < len(list); k++ {
			if s := list[k].State; s == version.Current || s == version.Past || s == version.Waiting {
				list[i].Until = &list[k].Effective
				break
			}
		}
	}
	city.SetSeq(w, world.Seq())
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Versions []listed `json:"versions"`
		// Current is the number of the one in force, 0 for none.
		Current int      `json:"current"`
		Seq     data.Seq `json:"seq"`
	}{list, version.InForce(world, scheme), world.Seq()})
}

// kin is a row of lineage with the version that made it.
type kin struct {
	Version int `json:"version"`
	version.Row
}

// mostRows bounds an answer; a version that redraws a whole city has some ten thousand.
const mostRows = 200_000

// Lineage tells what became of codes, and what they came from: GET /v1/schemes/{scheme}/lineage. With a code the rows that
// lead to it and from it, through all versions.
func (a *API) Lineage(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	world, scheme, err := a.scheme(r, q)
	if err != nil {
		return err
	}
	code, of, format := q.Text("code"), q.Whole("of", 1, 1<<30, 0), q.OneOf("format", "json", "csv")
	if err := q.Done(""); err != nil {
		return err
	}
	var all []kin
	known := code == ""
	for _, v := range version.Versions(world, scheme) {
		if s := v.State(world); s != version.Current && s != version.Past || of > 0 && v.Number != of {
			continue
		}
		rows, err := version.Lineage(world, v)
		if err != nil {
			return err
		}
		for _, row := range rows {
			all = append(all, kin{v.Number, row})
			known = known || row.Old == code || row.New == code
		}
	}
	if !known {
		s, _ := a.Locator.Plan(world).Scheme(scheme)
		if _, _, known = s.Cell(world, code); !known {
			return rest.Fault(rest.NotFound, "code", code, "is not, and never was, the code of a cell of the scheme, as far as its versions know")
		}
	}
	if code != "" {
		all = related(all, code)
	}
	over := max(0, len(all)-mostRows)
	all = all[:len(all)-over]
	city.SetSeq(w, world.Seq())
	if format == "csv" {
		return rest.WriteBody(w, r, http.StatusOK, "text/csv", csvOf(all))
	}
	if all == nil {
		all = []kin{}
	}
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Code string   `json:"code,omitempty"`
		Rows []kin    `json:"rows"`
		Left int      `json:"left_off,omitempty"`
		Seq  data.Seq `json:"seq"`
	}{code, all, over, world.Seq()})
}

// related are the rows that lead from a code on, through later versions, and back, through earlier ones.
func related(all []kin, code string) []kin {
	take := make([]bool, len(all))
	// A code stands for its cell before or after a version: forward from what was, backward from what is.
	ahead, behind := map[string]bool{code: true}, map[string]bool{code: true}
	for i := 0; i < len(all); {
		j := i
		next := map[string]bool{}
		for ; j < len(all) && all[j].Version == all[i].Version; j++ {
			if ahead[all[j].Old] {
				take[j], next[all[j].New] = true, true
			}
		}
		for c := range next {
			ahead[c] = true
		}
		i = j
	}
	for j := len(all); j > 0; {
		i := j
		next := map[string]bool{}
		for ; i > 0 && all[i-1].Version == all[j-1].Version; i-- {
			if behind[all[i-1].New] {
				take[i-1], next[all[i-1].Old] = true, true
			}
		}
		for c := range next {
			behind[c] = true
		}
		j = i
	}
	var out []kin
	for i, t := range take {
		if t {
			out = append(out, all[i])
		}
	}
	return slices.Clip(out)
}

func csvOf(rows []kin) []byte {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	write := func(fields ...string) {
		// Writing to memory does not fail.
		_ = out.Write(fields)
	}
	write("version", "old", "new", "share", "weight", "level")
	for _, k := range rows {
		weight := ""
		if k.Weight != nil {
			weight = fmt.Sprintf("%.6f", *k.Weight)
		}
		write(strconv.Itoa(k.Version), k.Old, k.New, fmt.Sprintf("%.6f", k.Share), weight, k.Level)
	}
	out.Flush()
	return b.Bytes()
}
