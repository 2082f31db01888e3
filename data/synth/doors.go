package synth

import (
	"strconv"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// doorDensity is a door plate each 25 m, of which shops along streets have more.
var doorDensity = density{mainRoad: 3_000, street: 5_000, lane: 5_000, alley: 3_500}

// minDoorSpacing bounds how densely doors may be asked for, in mm.
const minDoorSpacing = 400

// doorway is how far behind the edge of a road a door plate hangs, in mm.
const doorway = 2_000

// addresses yields the door plates: road by road, odd numbers on the left, even ones on the right.
func (c *City) addresses(yield func(data.Feature) bool) {
	walk := c.doors.walk()
	road, right, number := int32(none), false, 0
	n := 0
	c.frontages(func(f frontage) bool {
		if f.road != road || f.right != right {
			road, right, number = f.road, f.right, 1
			if right {
				number = 2
			}
		}
		r := &c.roads[f.road]
		return walk.on(&f, r.class, func(_, along int64) bool {
			n++
			name := c.roadNames[f.road]
			house := strconv.Itoa(number) + "号"
			number += 2
			cell := c.tree.parent[blocks][f.block]
			community := c.tree.parent[cells][cell]
			district := c.tree.above(districts, communities, community)
			code := "D" + pad(n, 8)
			return yield(data.Feature{
				ID:    code,
				Shape: geo.PointShape(c.spot(&f, along, roadClass[r.class].half+doorway)),
				Values: []data.Value{
					codeValue(code), text(c.names.district.name(int64(district)) + name + house), text(name), text(house),
					text(c.names.street.name(int64(c.tree.parent[communities][community]))),
					text(c.names.community.name(int64(community))), codeValue(c.codes[cells][cell]),
				},
			})
		})
	})
}

func text(s string) data.Value      { return data.TextValue(data.Text, s) }
func codeValue(s string) data.Value { return data.TextValue(data.Code, s) }
