package relation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/geocode/gazetteer"
	"github.com/gewu-city/gewu/geocode/names"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// city knows names by how they end: roads, areas, and landmarks, which is what all others are.
type city struct{ *names.Set }

func (city) Weak(names.ID) bool { return false }

func (c city) Senses(id names.ID) []gazetteer.Sense {
	kind := gazetteer.Landmark
	switch name := string(c.Name(id)); {
	case strings.HasSuffix(name, "路"), strings.HasSuffix(name, "街"), strings.HasSuffix(name, " st"):
		kind = gazetteer.Road
	case strings.HasSuffix(name, "区"):
		kind = gazetteer.Area
	}
	return []gazetteer.Sense{{Kind: kind, Road: id}}
}

// said is what claims say, in a form that can be compared.
func said(text []rune, elements []phrase.Element, claims []relation.Claim) string {
	var all []string
	for i := range claims {
		c := &claims[i]
		written := func(i int) string { return string(text[elements[i].Start:elements[i].End]) }
		var parts []string
		for _, a := range c.Areas {
			parts = append(parts, "in "+written(a))
		}
		parts = append(parts, written(c.Main))
		for _, n := range c.Numbers {
			parts = append(parts, string(text[n.Start:n.End]))
		}
		if c.Second >= 0 {
			parts = append(parts, "x "+written(c.Second))
		}
		if c.Third >= 0 {
			parts = append(parts, "x "+written(c.Third))
		}
		for _, n := range c.Until {
			parts = append(parts, "to "+string(text[n.Start:n.End]))
		}
		for _, s := range c.Sides {
			parts = append(parts, "by "+written(s))
		}
		if c.Ends != nil {
			parts = append(parts, "("+said(text, elements, c.Ends)+")")
		}
		for _, l := range c.Legs {
			leg := fmt.Sprintf("%v° %v m", l.Bearing, l.Metres)
			if l.Goal >= 0 {
				leg = fmt.Sprintf("to %s %v m", written(l.Goal), l.Metres)
			}
			parts = append(parts, leg)
		}
		for _, n := range c.House {
			parts = append(parts, "with "+string(text[n.Start:n.End]))
		}
		if c.Cross >= 0 {
			parts = append(parts, "at "+written(c.Cross))
		}
		for what, is := range map[string]bool{"unstated": c.Unstated, "disordered": c.Disordered} {
			if is {
				parts = append(parts, what)
			}
		}
		if c.Mark >= 0 {
			parts = append(parts, "at "+written(c.Mark))
		}
		if c.Relation != relation.At {
			parts = append(parts, string(c.Relation))
		}
		all = append(all, strings.Join(parts, " "))
	}
	return strings.Join(all, "; ")
}

func TestRead(t *testing.T) {
	c := city{names.New([]string{"东路", "西路", "南路", "福街", "oak st", "安区", "公园", "商场"})}
	for _, test := range []struct{ text, want string }{
		{"安区东路2段106号", "安区; in 安区 东路 2段 106号"},
		{"106号 东路2段", "东路 2段 106号"},
		{"11号,221巷,福街,安区", "in 安区 福街 11号 221巷"},
		{"安区,11号,221巷,福街", "安区; in 安区 福街 11号 221巷"},
		{"安区11号", "安区 11号"},
		{"11号福街,安区东路3号", "福街 11号; 安区; in 安区 东路 3号"},
		{"东路15号148巷", "东路 15号 148巷 disordered"},
		{"221巷11号福街", "福街"},
		{"东路与西路口", "东路 x 西路"},
		{"东路1段与东路2段路口", "东路 1段 x 东路"},
		{"东路1段与东路1段", "东路 1段; 东路 1段"},
		{"东路3号西路", "东路 3号; 西路"},
		{"东路西路5号", "东路; 西路 5号"},
		{"东路西路南路", "东路 x 西路 x 南路"},
		{"东路西路南路5号", "东路 x 西路; 南路 5号"},
		{"东路(西路至南路)", "东路 x 西路 x 南路 between"},
		{"between东路and西路on oak st", "oak st x 东路 x 西路 between"},
		{"东路与西路之间的南路", "南路 x 东路 x 西路 between"},
		{"东路(西路-南路)", "东路 x 西路 x 南路 between"},
		{"东路-西路-南路", "东路 x 西路 x 南路"},
		{"东路上西路和南路之间", "东路 x 西路 x 南路 between"},
		{"oak st from 东路 to 西路", "oak st x 东路 x 西路 between"},
		{"东路和西路之间", "东路 x 西路 between"},
		{"东路6号与18号之间", "东路 6号 to 18号 between"},
		{"公园和商场之间", "公园 (公园; 商场) between"},
		{"公园和商场", "公园; 商场"},
		{"公园到商场", "公园; 商场"},
		{"东路3号到东路9号", "东路 3号 (东路 3号; 东路 9号) between"},
		{"东路3号到西路9号", "东路 3号; 西路 9号"},
		{"东起东路西至西路南起南路", "东路 by 东路 by 西路 by 南路 between"},
		{"东路6号往北50米再往东30米", "东路 6号 0° 50 m 90° 30 m offset"},
		{"东路6号往北50米左转20米再走10米", "东路 6号 0° 50 m 270° 20 m 270° 10 m offset"},
		{"东路6号往南路方向50米", "东路 6号 to 南路 50 m offset"},
		{"50 m north and 20 m east of oak st", "oak st 0° 50 m 90° 20 m offset"},
		{"东路6号往北", "东路 6号 unstated side"},
		{"东路6号北侧", "东路 6号 side"},
		{"东路6号50米", "东路 6号 -1° 50 m offset"},
		{"东路6号对面", "东路 6号 opposite"},
		{"东路32k+500", "东路 at 32k 500"},
		{"东路12公里300米处", "东路 at 12公里300米"},
		{"东路3公里", "东路 at 3公里"},
		{"东路3公里以北", "东路 0° 3000 m offset"},
		{"东路12号与西路交叉口", "东路 x 西路 with 12号; 东路 12号 at 西路"},
		{"东路2段12号与西路1段路口往北50米", "东路 2段 x 西路 0° 50 m with 2段 with 12号 offset; 东路 2段 12号 at 西路"},
		{"东路12号与西路5号", "东路 12号; 西路 5号"},
		{"东路12号与西路", "东路 12号; 西路"},
		{"东路西路口至南路口", "东路 x 西路 x 南路 between"},
		{"东路与西路交叉口至东路与南路交叉口", "东路 x 西路 x 南路 between"},
		{"东路西路口和东路南路口之间", "东路 x 西路 x 南路 between"},
		{"东路西路口和东路南路口", "东路 x 西路; 东路 x 南路"},
		{"东路与西路路口至南路5号", "东路 x 西路; 南路 5号"},
		{"西路至南路之间的东路", "东路 x 西路 x 南路 between"},
	} {
		var read phrase.Reader
		var r relation.Reader
		text := normal.Of(test.text).Runes
		elements := read.Read(text, c, 1, nil)[0].Elements
		r.Read(c, elements)
		if got := said(text, elements, r.Found); got != test.want {
			t.Errorf("%s: %s, want %s", test.text, got, test.want)
		}
	}
}
