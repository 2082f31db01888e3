package synth

import (
	"iter"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// kind is a class of parts that is strewn along roads. Codes and names are those of GB/T 30428.2-2013 and
// GB/T 47678.5-2026, of which only classes are here whose code and name were seen in both editions, as published in
// the part directory of Jackyhellolove/city-inspection-ai at 088839d and in the local rules of Yuncheng
// (zhcg2026/smart_cityguard at 3440bf3). The densities are ours: lamps each 30 m on both sides of wide roads, and so
// on.
type kind struct {
	code, name       string // 2013
	code26, name26   string // 2026
	kerb             int64  // how far inside the edge of the road it stands, in mm; negative is behind it
	department, care string
	density          density
}

const (
	byWater   = "区水务局"
	byRoads   = "区城市管理委员会"
	byPower   = "供电公司"
	byTelecom = "通信公司"
	byGreen   = "区园林绿化局"
	byClean   = "环卫服务中心"
	byGas     = "燃气公司"
	byHeat    = "热力公司"
	byLamps   = "路灯管理中心"
	byPolice  = "公安交通管理部门"
	byTransit = "公共交通公司"
	byOffice  = "街道办事处"
)

var kinds = []kind{
	{"0137", "路灯", "01037", "路灯", 600, byRoads, byLamps, density{3_333, 3_333, 2_000, 700}},
	{"0402", "行道树", "04002", "行道树", -700, byGreen, byGreen, density{12_000, 12_000, 3_000, 500}},
	{"0102", "污水井盖", "01002", "污水井盖", 3_000, byWater, byWater, density{2_000, 2_000, 2_000, 1_500}},
	{"0103", "雨水井盖", "01003", "雨水井盖", 2_200, byWater, byWater, density{2_500, 2_000, 1_500, 500}},
	{"0104", "雨水箅子", "01004", "雨水箅子", 300, byWater, byWater, density{3_300, 3_300, 2_000, 700}},
	{"0101", "上水井盖", "01001", "供水井盖", 1_500, byWater, byWater, density{1_200, 1_200, 1_000, 500}},
	{"0110", "热力井盖", "01010", "热力井盖", 2_600, byRoads, byHeat, density{600, 500, 300, 50}},
	{"0111", "燃气井盖", "01011", "燃气井盖", 1_900, byRoads, byGas, density{700, 600, 400, 150}},
	{"0106", "路灯井盖", "01006", "路灯井盖", 450, byRoads, byLamps, density{800, 600, 200, 0}},
	{"0118", "化粪池井盖", "01018", "化粪池井盖", -1_200, byRoads, byClean, density{0, 100, 500, 700}},
	{"0127", "通讯交接箱", "01027", "通信交接箱", -900, byRoads, byTelecom, density{150, 200, 200, 50}},
	{"0130", "电力立杆", "01030", "电力立杆", 250, byRoads, byPower, density{0, 500, 1_500, 1_200}},
	{"0131", "通信立杆", "01031", "通信立杆", 350, byRoads, byTelecom, density{100, 300, 600, 300}},
	{"0150", "监控电子眼", "01050", "监控电子眼设施", 500, byPolice, byPolice, density{600, 400, 150, 20}},
	{"0146", "户外健身设施", "01046", "户外健身设施", -1_800, byOffice, byOffice, density{20, 60, 100, 40}},
	{"0204", "公交站亭（牌）", "02004", "公交站设施", 800, byRoads, byTransit, density{250, 150, 0, 0}},
	{"0212", "路名牌", "02012", "路名牌", 400, byPolice, byPolice, density{500, 500, 400, 250}},
	{"0221", "便道桩", "02021", "便道桩", 150, byRoads, byRoads, density{1_500, 1_200, 300, 0}},
	{"0225", "非机动车停放点", "02025", "非机动车停放点", -1_500, byRoads, byOffice, density{300, 400, 200, 0}},
	{"0301", "公共厕所", "03001", "公共厕所", -1_900, byRoads, byClean, density{40, 60, 120, 60}},
	{"0305", "垃圾箱（果皮箱、桶）", "03005", "垃圾箱", -400, byRoads, byClean, density{2_000, 1_500, 800, 400}},
	{"0308", "宣传栏", "03008", "宣传栏", -1_000, byOffice, byOffice, density{100, 200, 250, 100}},
	{"0401", "古树名木", "04001", "古树名木", -1_600, byGreen, byGreen, density{20, 20, 30, 15}},
	{"0407", "街头座椅", "04007", "街头座椅", -1_100, byGreen, byGreen, density{500, 400, 60, 0}},
}

// maxPartFactor bounds how many times denser than by nature parts may be asked for.
const maxPartFactor = 100

func (k *kind) class(e Edition) (code, name string) {
	if e == Edition2026 {
		return k.code26, k.name26
	}
	return k.code, k.name
}

// strewParts decides how many parts of each kind there are: by nature, or total in the same proportions.
func strewParts(r roll, lengths [classes]int64, total int64) []strewing {
	out := make([]strewing, len(kinds))
	nature := int64(0)
	for i := range kinds {
		out[i] = newStrewing(r.at(int32(i)), kinds[i].density, lengths, Natural)
		nature += out[i].count
	}
	if total == Natural {
		return out
	}
	seen, given := int64(0), int64(0)
	for i := range out {
		seen += out[i].count
		share := total*seen/max(1, nature) - given
		given += share
		out[i].count = share
	}
	return out
}

// states of parts with the percentage up to which each reaches.
var states = []struct {
	upTo int64
	name string
}{{94, "完好"}, {98, "破损"}, {99, "丢失"}, {100, "废弃"}}

// surveyed is the first day on which parts were surveyed, made the first of cells too.
var surveyed = time.Date(2004, time.October, 1, 0, 0, 0, 0, time.UTC)

// parts yields the parts, one class after another, each along the roads. Numbers of a class ascend in each district.
func (c *City) parts() iter.Seq[data.Feature] {
	return func(yield func(data.Feature) bool) {
		for i := range kinds {
			if !c.partsOf(i, yield) {
				return
			}
		}
	}
}

func (c *City) partsOf(i int, yield func(data.Feature) bool) bool {
	k, walk := &kinds[i], c.strewn[i].walk()
	class, name := k.class(c.params.Edition)
	numbers := make([]int, c.tree.count(districts))
	going := true
	c.frontages(func(f frontage) bool {
		r := &c.roads[f.road]
		going = walk.on(&f, r.class, func(n, along int64) bool {
			cell := c.tree.parent[blocks][f.block]
			district := c.tree.above(districts, cells, cell)
			numbers[district]++
			code := c.codes[districts][district] + class + pad(numbers[district], 6)
			chance := walk.roll.with(uint64(n)).with(1)
			state, day := chance.below(100), chance.with(1).below(365)
			at := 0
			for states[at].upTo <= state {
				at++
			}
			return yield(data.Feature{
				ID:    code,
				Shape: geo.PointShape(c.spot(&f, along, max(roadClass[r.class].half-k.kerb, 400))),
				Values: []data.Value{
					codeValue(code), codeValue(class), text(name), text(k.department), text(k.care), text(states[at].name),
					codeValue(c.codes[cells][cell]), text(c.roadNames[f.road]), data.DateValue(surveyed.AddDate(0, 0, int(day))), text("实测"),
				},
			})
		})
		return going
	})
	return going
}

// overflow finds a class of which a district has more parts than its codes have numbers for.
func (c *City) overflow() (class string, district string, count int) {
	for i := range kinds {
		if c.strewn[i].count <= maxPartNumber {
			continue
		}
		walk := c.strewn[i].walk()
		numbers := make([]int, c.tree.count(districts))
		c.frontages(func(f frontage) bool {
			return walk.on(&f, c.roads[f.road].class, func(int64, int64) bool {
				numbers[c.tree.above(districts, blocks, f.block)]++
				return true
			})
		})
		for d, n := range numbers {
			if n > maxPartNumber {
				class, _ := kinds[i].class(c.params.Edition)
				return class, c.codes[districts][d], n
			}
		}
	}
	return "", "", 0
}
