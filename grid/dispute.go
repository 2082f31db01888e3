package grid

import (
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
	"github.com/gewu-city/gewu/index"
)

// Dispute is a zone that several sides claim, or ground that several areas of one level cover.
type Dispute struct {
	// Level is that of the areas that overlap, empty for a zone of a layer of disputes.
	Level string `json:"level,omitempty"`
	Layer string `json:"layer"`
	// ID and Name are those of the zone.
	ID        string     `json:"id,omitempty"`
	Name      string     `json:"name,omitempty"`
	Claimants []Claimant `json:"claimants"`
}

// Claimant is one side: a name as the zone has it, or an area with its code.
type Claimant struct {
	Code string `json:"code,omitempty"`
	Name string `json:"name"`
}

// disputeLayer is a layer of zones that several sides claim.
type disputeLayer struct {
	of              layerRef
	claimants, name int
}

func newDisputeLayer(def *data.Layer, of layerRef) disputeLayer {
	r := def.Roles.Dispute
	return disputeLayer{of: of, claimants: def.AttributeIndex(r.Claimants), name: def.AttributeIndex(r.Name)}
}

// Disputes are the claims that meet at a point, by the edge rule of [Locator.Locate]: zones of layers of disputes, and levels of
// which several areas own the point. Never nil.
func (l *Locator) Disputes(w *index.World, p geo.Point) []Dispute {
	plan, out := l.Plan(w), []Dispute{}
	for i := range plan.disputes {
		layer := &plan.disputes[i]
		zones := layer.of.in(w)
		if zones == nil {
			continue
		}
		zones.Covering(p, func(s index.Slot) bool {
			d := Dispute{Layer: layer.of.name, ID: zones.ID(s), Name: zones.Value(s, layer.name).String(), Claimants: []Claimant{}}
			for _, name := range Claimants(zones.Value(s, layer.claimants).String()) {
				d.Claimants = append(d.Claimants, Claimant{Name: name})
			}
			out = append(out, d)
			return true
		})
	}
	for i := range plan.Levels {
		level := &plan.Levels[i]
		areas := level.In(w)
		if areas == nil {
			continue
		}
		first, d := index.Slot(0), Dispute{}
		n := 0
		claim := func(s index.Slot) Claimant {
			return Claimant{Code: level.CodeOf(areas, s), Name: level.NameOf(areas, s)}
		}
		areas.Covering(p, func(s index.Slot) bool {
			switch n++; n {
			case 1:
				first = s
			case 2:
				d = Dispute{Level: level.Name, Layer: level.Layer, Claimants: []Claimant{claim(first), claim(s)}}
			default:
				d.Claimants = append(d.Claimants, claim(s))
			}
			return true
		})
		if n > 1 {
			out = append(out, d)
		}
	}
	return out
}

// Claimants are the names in a text, split by one of ; ； 、 |.
func Claimants(text string) []string {
	var out []string
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(";；、|｜", r) }) {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}
