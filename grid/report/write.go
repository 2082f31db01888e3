package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteCSV writes one row for each cell: code, parent, area_m2, households, one column for each measure, load, compactness,
// walk_m, walk_by, kind, grade, proposed_grade, reason.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"code", "parent", "area_m2", "households"}
	for _, m := range r.Balanced.Measures {
		head = append(head, m.Layer)
	}
	if err := out.Write(append(head, "load", "compactness", "walk_m", "walk_by", "kind", "grade", "proposed_grade", "reason")); err != nil {
		return err
	}
	for _, x := range r.Rows {
		households := ""
		if x.Households != nil {
			households = plain(*x.Households)
		}
		line := []string{x.Code, x.Parent, plain(x.AreaM2), households}
		for _, n := range x.Counts {
			line = append(line, strconv.Itoa(n))
		}
		if err := out.Write(append(line, plain(x.Load), plain(x.Compactness), plain(x.WalkM), x.WalkBy, x.Kind, x.Grade, string(x.Proposed), x.Reason)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// words are what the table says, in English and Chinese.
var words = map[string][2]string{
	"complete":       {"complete", "完整性"},
	"convenient":     {"convenient", "便利性"},
	"balanced":       {"balanced", "均衡性"},
	"differentiated": {"differentiated", "差异性"},
	"cells":          {"cells", "网格数"},
	"area":           {"area, m²", "总面积（平方米）"},
	"gaps":           {"gaps", "空白"},
	"overlaps":       {"overlaps", "重叠"},
	"rings":          {"invalid rings", "无效边界"},
	"vertices":       {"missing vertices", "缺失节点"},
	"across":         {"cells across a parent's border", "跨上级边界的网格"},
	"buildings":      {"buildings cut", "被切割的建筑"},
	"parts":          {"parts cut", "被切割的部件"},
	"outside":        {"outside of all cells: ", "网格外："},
	"pieces":         {"cells in several pieces", "不连片的网格"},
	"spread":         {"\tmin\tp5\tmedian\tp95\tmax\tmean\tcv\tgini", "\t最小\tp5\t中位\tp95\t最大\t平均\t变异系数\t基尼系数"},
	"compactness":    {"compactness", "紧凑度"},
	"walk":           {"walk of a round, m", "巡查一圈（米）"},
	"cellarea":       {"area, m²", "面积（平方米）"},
	"households":     {"households", "户数"},
	"load":           {"load (middle cell = 1)", "工作量（中位为 1）"},
	"below":          {"cells below the limit", "低于下限的网格"},
	"above":          {"cells above the limit", "超过上限的网格"},
	"reason":         {"of these with a reason", "其中已说明原因"},
	"proposed":       {"proposed", "建议"},
	"general":        {"general", "一般管理"},
	"key":            {"key", "重点管理"},
	"comprehensive":  {"comprehensive", "综合治理"},
	"differ":         {"cells of another grade", "与建议不同的网格"},
}

// Languages are those of [Report.WriteText].
func Languages() []string { return []string{"en", "zh"} }

// WriteText writes the figures for people, in English (en) or Chinese (zh).
func (r *Report) WriteText(w io.Writer, lang string) error {
	say := func(key string) string {
		if lang == "zh" {
			return words[key][1]
		}
		return words[key][0]
	}
	t := &bytes.Buffer{}
	count := func(key string, n int) { fmt.Fprintf(t, "  %s\t%d\n", say(key), n) }
	spread := func(title string, s Spread) {
		fmt.Fprintf(t, "  %s", title)
		for _, v := range []float64{s.Min, s.P5, s.P50, s.P95, s.Max, s.Mean, s.CV, s.Gini} {
			fmt.Fprintf(t, "\t%s", short(v))
		}
		fmt.Fprintln(t)
	}
	c := &r.Complete
	fmt.Fprintln(t, strings.ToUpper(say("complete")))
	count("cells", r.Cells)
	fmt.Fprintf(t, "  %s\t%s\n", say("area"), short(c.AreaM2))
	fmt.Fprintf(t, "  %s\t%d (%s m²)\n", say("gaps"), c.Gaps, short(c.GapM2))
	fmt.Fprintf(t, "  %s\t%d (%s m²)\n", say("overlaps"), c.Overlaps, short(c.OverlapM2))
	count("rings", c.InvalidRings)
	count("vertices", c.MissingVertices)
	count("across", len(c.Across))
	count("buildings", c.BuildingsCut)
	count("parts", c.PartsCut)
	for _, o := range c.Outside {
		fmt.Fprintf(t, "  %s%s\t%d\n", say("outside"), o.Layer, o.Count)
	}
	fmt.Fprintln(t, strings.ToUpper(say("convenient"))+say("spread"))
	spread(say("compactness"), r.Convenient.Compactness)
	spread(say("walk"), r.Convenient.WalkM)
	count("pieces", len(r.Convenient.Pieces))
	b := &r.Balanced
	fmt.Fprintln(t, strings.ToUpper(say("balanced"))+say("spread"))
	spread(say("cellarea"), b.AreaM2)
	if b.Households != nil {
		spread(say("households"), *b.Households)
	}
	for _, m := range b.Measures {
		spread(m.Layer, m.Spread)
	}
	spread(say("load"), b.Load)
	if b.Below+b.Above > 0 {
		count("below", b.Below)
		count("above", b.Above)
		count("reason", b.Reasons)
	}
	d := &r.Differentiated
	fmt.Fprintln(t, strings.ToUpper(say("differentiated")))
	for _, g := range []Grade{General, Key, Comprehensive} {
		fmt.Fprintf(t, "  %s: %s\t%d\n", say("proposed"), say(string(g)), d.Proposed[g])
	}
	count("differ", d.Differ)
	for _, groups := range [][]Group{d.Grades, d.Kinds} {
		for _, g := range groups {
			fmt.Fprintf(t, "  %s\t%d\t%s m²\t%s\n", g.Name, g.Cells, short(g.AreaM2), short(g.Load))
		}
	}
	out := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if _, err := out.Write(t.Bytes()); err != nil {
		return err
	}
	return out.Flush()
}

// short writes a figure with three digits that tell something, and whole ones in full.
func short(v float64) string {
	switch {
	case v == 0 || v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 1:
		return strconv.FormatFloat(v, 'g', 3, 64)
	default:
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
}
