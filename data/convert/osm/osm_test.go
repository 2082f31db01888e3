package osm_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb/encoding/wkt"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gewu-city/gewu/data/convert/osm"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
)

// rows writes down what is read, a line for each row.
type rows struct {
	strings.Builder
	shapes map[string]geo.Shape
}

func (r *rows) Note(text string) { fmt.Fprintln(r, "note:", text) }

func (r *rows) Head(h row.Head) error {
	_, err := fmt.Fprintf(r, "%q\n", h.Columns)
	return err
}

func (r *rows) Row(in *row.Row) error {
	if in.Fault != nil {
		_, err := fmt.Fprintln(r, in.Fault.Error())
		return err
	}
	shape, err := geo.FromOrb(in.Geometry)
	if err != nil {
		_, err = fmt.Fprintf(r, "%s: %v\n", in.ID, err)
		return err
	}
	if r.shapes == nil {
		r.shapes = map[string]geo.Shape{}
	}
	r.shapes[in.ID] = shape
	_, err = fmt.Fprintf(r, "%s %q %s\n", in.ID, in.Cells, wkt.MarshalString(in.Geometry))
	return err
}

func mapping(t testing.TB, text string) *osm.Mapping {
	t.Helper()
	m := &osm.Mapping{}
	if _, err := toml.Decode(text, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t testing.TB, in io.Reader, k geo.Kind, m string) *rows {
	t.Helper()
	file, err := spool.Copy(in, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := &rows{}
	if err := osm.Read(context.Background(), file, mapping(t, m), row.Options{Kind: k}, r); err != nil {
		fmt.Fprintln(r, err)
	}
	return r
}

func open(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestForms reads the same elements in each form of a file.
func TestForms(t *testing.T) {
	const all = "[[select]]\nbuilding = true\n[[select]]\nhighway = true\n[[select]]\nnatural = true\n[[select]]\n\"addr:housenumber\" = true\n[attributes]\na = [\"name\", \"addr:housenumber\"]\nb = \"@id\""
	for _, k := range []geo.Kind{geo.KindPoint, geo.KindLine, geo.KindPolygon} {
		want := read(t, bytes.NewReader(open(t, "vaduz.osm.pbf")), k, all).String()
		if n := strings.Count(want, "\n"); n < 15 {
			t.Errorf("%d rows\n%s", n, want)
		}
		if got := read(t, bytes.NewReader(open(t, "vaduz.osm.gz")), k, all).String(); got != want {
			t.Errorf("XML gives\n%s\nPBF\n%s", got, want)
		}
		want = read(t, bytes.NewReader(open(t, "balzers.osm.pbf")), k, all).String()
		if got := read(t, bytes.NewReader(open(t, "balzers-plain.osm.pbf")), k, all).String(); got != want {
			t.Errorf("nodes in the older form give\n%s\ndense ones\n%s", got, want)
		}
	}
}

func TestBalzers(t *testing.T) {
	got := read(t, bytes.NewReader(open(t, "balzers.osm.pbf")), geo.KindPolygon, "[[select]]\nbuilding = true\n[attributes]\nkind = \"building\"\n").String()
	const want = `["kind"]
way/886564854 ["hangar"] POLYGON((9.4814516 47.0680481,9.4816496 47.0681234,9.4815427 47.0682584,9.4813447 47.0681831,9.4814516 47.0680481))
relation/12041170: its member way 886564852 is not in the file
relation/12041171 ["hangar"] MULTIPOLYGON`
	if !strings.HasPrefix(got, want[:12]) || !strings.Contains(got, "relation/12041170: its member way") || !strings.Contains(got, `relation/12041171 ["hangar"] MULTIPOLYGON(((`) {
		t.Errorf("got\n%s", got)
	}
}

// document is an OSM XML of nodes 1 to 99 on a grid (node 34 at 3, 4) and other elements.
func document(elements string) string {
	var b strings.Builder
	b.WriteString(`<osm version="0.6"><bounds minlat="0"/>`)
	for i := 1; i < 100; i++ {
		fmt.Fprintf(&b, `<node id="%d" lon="%d" lat="%d"/>`, i, i/10, i%10)
	}
	return b.String() + elements + `</osm>`
}

func wayOf(id int, tags string, refs ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<way id="%d">`, id)
	for _, r := range refs {
		fmt.Fprintf(&b, `<nd ref="%d"/>`, r)
	}
	return b.String() + tags + `</way>`
}

func relationOf(id int, tags string, ways ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<relation id="%d">`, id)
	for _, w := range ways {
		fmt.Fprintf(&b, `<member type="way" ref="%d" role="outer"/>`, w)
	}
	return b.String() + `<member type="node" ref="1" role="label"/>` + tags + `</relation>`
}

const (
	area         = `<tag k="area" v="yes"/>`
	multipolygon = area + `<tag k="type" v="multipolygon"/>`
)

func TestAssemble(t *testing.T) {
	parts := wayOf(1, "", 11, 12, 13) + wayOf(2, "", 13, 23, 33) + wayOf(3, "", 11, 21, 31, 32, 33) + wayOf(4, "", 22, 24, 44, 22) +
		wayOf(5, "", 51, 61, 62) + wayOf(6, "", 51, 52, 62) + wayOf(7, "", 71, 72, 171) + wayOf(8, "", 33, 34) + wayOf(9, "", 51) +
		// A square of 11–55 with a hole of 22–44 that touches it in nothing, and an island in the hole.
		wayOf(10, "", 11, 51, 55, 15, 11) + wayOf(11, "", 22, 42) + wayOf(12, "", 42, 44, 24, 22) + wayOf(13, "", 33, 43, 34, 33) +
		// Two rings that touch in node 55, each of two ways.
		wayOf(20, "", 55, 75, 77) + wayOf(21, "", 77, 57, 55) + wayOf(22, "", 55, 53, 33) + wayOf(23, "", 33, 35, 55)
	for name, test := range map[string]struct{ elements, want string }{
		"a closed way":    {wayOf(100, area, 11, 21, 22, 11), "way/100 [] POLYGON((1 1,2 1,2 2,1 1))"},
		"an open way":     {wayOf(100, area, 11, 21, 22), "way/100: is not closed, so it has no area"},
		"a short way":     {wayOf(100, area, 11), "way/100: has 1 nodes, a way needs two"},
		"missing nodes":   {wayOf(100, area, 11, 201, 202, 11), "way/100: node 201 and 1 more are not in the file"},
		"joined":          {parts + relationOf(5, multipolygon, 1, 2, 3), "relation/5 [] MULTIPOLYGON(((1 1,1 2,1 3,2 3,3 3,3 2,3 1,2 1,1 1)))"},
		"twice":           {parts + relationOf(5, multipolygon, 1, 2, 3, 2, 1), "relation/5 [] MULTIPOLYGON(((1 1,1 2,1 3,2 3,3 3,3 2,3 1,2 1,1 1)))"},
		"apart":           {parts + relationOf(5, multipolygon, 5, 6, 10), "relation/5 [] MULTIPOLYGON(((5 1,6 1,6 2,5 2,5 1)),((1 1,5 1,5 5,1 5,1 1)))"},
		"a hole, an isle": {parts + relationOf(5, multipolygon, 13, 12, 11, 10), "relation/5 [] MULTIPOLYGON(((1 1,5 1,5 5,1 5,1 1),(2 2,4 2,4 4,2 4,2 2)),((3 3,4 3,3 4,3 3)))"},
		"touching":        {parts + relationOf(5, multipolygon, 20, 21, 22, 23), "relation/5 [] MULTIPOLYGON(((5 5,7 5,7 7,5 7,5 5)),((5 5,5 3,3 3,3 5,5 5)))"},
		"a boundary":      {parts + relationOf(5, area+`<tag k="type" v="boundary"/>`, 10), "relation/5 [] MULTIPOLYGON(((1 1,5 1,5 5,1 5,1 1)))"},
		"missing way":     {parts + relationOf(5, multipolygon, 1, 98), "relation/5: its member way 98 is not in the file"},
		"missing ways":    {parts + relationOf(5, multipolygon, 97, 98, 99), "relation/5: its member way 97 and 2 more are not in the file"},
		"missing node":    {parts + relationOf(5, multipolygon, 7), "relation/5: its outline is open at node 171, which is not in the file"},
		"open":            {parts + relationOf(5, multipolygon, 1, 2, 8), "relation/5: its outline is open at node 34 (3, 4)"},
		"one node":        {parts + relationOf(5, multipolygon, 9), "relation/5: a member way has fewer than two nodes"},
		"no ways":         {relationOf(5, multipolygon), "relation/5: has no ways among its members"},
		"other relations": {relationOf(5, area+`<tag k="type" v="site"/>`, 1), ""},
		"deleted":         {`<way id="100" action="delete"><nd ref="1"/>` + area + `</way><way id="101" visible="false">` + area + `</way>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, strings.NewReader(document(test.elements)), geo.KindPolygon, "[[select]]\narea = \"yes\"").String()
			if want := "[]\n" + test.want; strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestLinesAndPoints(t *testing.T) {
	road := `<tag k="highway" v="residential"/>`
	elements := `<node id="200" lon="7.5" lat="8.5">` + road + `</node><node id="201" lon="200" lat="0">` + road + `</node><node id="202">` + road + `</node>` +
		wayOf(1, road, 11, 12, 23) + wayOf(2, road, 11, 31, 33, 13, 11) + wayOf(3, "", 55, 56) +
		relationOf(4, road+`<tag k="type" v="route"/>`, 1, 3) + relationOf(5, road+`<tag k="type" v="multipolygon"/>`, 2)
	const m = "[[select]]\nhighway = true\n[attributes]\nkind = \"@type\"\n"
	for k, want := range map[geo.Kind]string{
		geo.KindPoint: `["kind"]
node/200 ["node"] POINT(7.5 8.5)
node/201: has no longitude and latitude
node/202: has no longitude and latitude
way/1 ["way"] POINT(1.1474692 2.1474692)
way/2 ["way"] POINT(2 2)
relation/5 ["relation"] POINT(2 2)
`,
		geo.KindLine: `["kind"]
way/1 ["way"] LINESTRING(1 1,1 2,2 3)
way/2 ["way"] LINESTRING(1 1,3 1,3 3,1 3,1 1)
relation/4 ["relation"] MULTILINESTRING((1 1,1 2,2 3),(5 5,5 6))
relation/5 ["relation"] MULTILINESTRING((1 1,3 1,3 3,1 3,1 1))
`,
	} {
		if got := read(t, strings.NewReader(document(elements)), k, m).String(); got != want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", k, got, want)
		}
	}
}

func TestMapping(t *testing.T) {
	tags := func(kv ...string) string {
		var b strings.Builder
		for i := 0; i < len(kv); i += 2 {
			fmt.Fprintf(&b, `<tag k="%s" v="%s"/>`, kv[i], kv[i+1])
		}
		return b.String()
	}
	elements := `<node id="101" lon="1" lat="1">` + tags("natural", "tree", "species", "榕树", "height", "12") + `</node>` +
		`<node id="102" lon="1" lat="1">` + tags("natural", "tree_row", "name", " 行道 ") + `</node>` +
		`<node id="103" lon="1" lat="1">` + tags("natural", "peak", "genus", "x") + `</node>` +
		`<node id="104" lon="1" lat="1">` + tags("natural", "tree", "denotation", "avenue") + `</node>`
	for name, test := range map[string]struct{ mapping, want string }{
		"a value":     {"select = [{natural = \"tree\"}]", "node/101 [], node/104 []"},
		"values":      {"select = [{natural = [\"tree\", \"peak\"]}]", "node/101 [], node/103 [], node/104 []"},
		"any":         {"select = [{genus = true}, {species = true}]", "node/101 [], node/103 []"},
		"none":        {"select = [{natural = \"tree\", denotation = false}]", "node/101 []"},
		"types":       {"types = [\"way\"]\nselect = [{natural = true}]", ""},
		"attributes":  {"select = [{natural = true}]\n[attributes]\nb = [\"species\", \"genus\"]\na = \"name\"\nc = \"@id\"", `node/101 ["" "榕树" "101"], node/102 ["行道" "" "102"], node/103 ["" "x" "103"], node/104 ["" "" "104"]`},
		"translation": {"select = [{natural = true}]\n[attributes]\nclass = {tag = \"natural\", values = {tree = \"0901\", peak = 7}, other = \"0999\"}", `node/101 ["0901"], node/102 ["0999"], node/103 ["7"], node/104 ["0901"]`},
		"no other":    {"select = [{species = true}]\n[attributes]\nclass = {tag = [\"none\", \"natural\"], values = {peak = 7}}\nd = {tag = \"none\", other = \"x\"}", `node/101 ["tree" ""]`},

		"empty":          {"", "mapping: select: is missing: it says which elements are features, such as [[select]] natural = \"tree\""},
		"no tag":         {"select = [{}]", "mapping: select[0]: names no tag"},
		"a number":       {"select = [{natural = 3}]", "mapping: select[0].natural: must be a value, a list of values, true or false (value \"3\")"},
		"an empty list":  {"select = [{natural = []}]", "mapping: select[0].natural: must be a value, a list of values, true or false (value \"[]\")"},
		"a mixed list":   {"select = [{natural = [\"a\", 1]}]", "mapping: select[0].natural: must be a value, a list of values, true or false (value \"1\")"},
		"unknown type":   {"types = [\"area\"]", "mapping: types: must be node, way or relation (value \"area\")"},
		"attribute":      {"select = [{natural = true}]\n[attributes]\na = 1", "mapping: attributes.a: must be the name of a tag, or a list of names, or a table with tag, values and other (value \"1\")"},
		"no source":      {"select = [{natural = true}]\n[attributes]\na = {values = {x = 1}}", "mapping: attributes.a.tag: is missing; it must be the name of a tag, or a list of names"},
		"unknown key":    {"select = [{natural = true}]\n[attributes]\na = {tags = \"x\"}", "mapping: attributes.a.tags: is not known; known are tag, values and other"},
		"no translation": {"select = [{natural = true}]\n[attributes]\na = {tag = \"x\", values = 1}", "mapping: attributes.a.values: must be a table of values and what they become (value \"1\")"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, strings.NewReader(document(elements)), geo.KindPoint, test.mapping).String()
			if _, rest, ok := strings.Cut(got, "]\n"); ok && strings.HasPrefix(got, "[") {
				got = rest
			}
			got = strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(got), " POINT(1 1)", ""), "\n", ", ")
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	if got := read(t, strings.NewReader(document("")), geo.KindLine, "types = [\"node\"]\nselect = [{a = true}]").String(); got != "mapping: types: cannot be a line, which the layer holds (value \"node\")\n" {
		t.Error(got)
	}
	if got := read(t, strings.NewReader(document("")), geo.KindNone, "").String(); got != "elements of OSM have geometries, the layer has none\n" {
		t.Error(got)
	}
	file, err := spool.Copy(strings.NewReader("x"), false, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := osm.Read(t.Context(), file, nil, row.Options{Kind: geo.KindPoint}, &rows{}); fmt.Sprint(err) != "an OSM file needs a mapping, which says what its elements are (--mapping FILE)" {
		t.Error(err)
	}
}

func TestXMLFaults(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"empty":     {"", "the file is empty"},
		"text":      {"id,lon,lat", "the file is neither OSM PBF nor OSM XML"},
		"other":     {"<gpx/>", "the file is not OSM XML: it starts with <gpx>"},
		"changes":   {"<osmChange/>", "the file is a list of changes (osmChange); an extract is needed"},
		"torn":      {"<osm><node id=\"1\"", "line 1: the file is no XML: unexpected EOF"},
		"id":        {"<osm>\n<node id=\"x\"/></osm>", "line 2: node: id \"x\" is no whole number"},
		"ref":       {"<osm>\n<way id=\"1\"><nd/></way></osm>", "line 2: nd: ref \"\" is no whole number"},
		"member":    {"<osm>\n<relation id=\"1\"><member ref=\"1\"/></relation></osm>", "line 2: member: type \"\" is no kind of element"},
		"a mark":    {"\ufeff <osm/>", "[]"},
		"no places": {"<osm><node id=\"1\"><tag k=\"a\" v=\"b\"/></node></osm>", "[]\nnode/1: has no longitude and latitude"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.TrimSpace(read(t, strings.NewReader(test.in), geo.KindPoint, "select = [{a = true}]").String())
			if !strings.HasSuffix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// message builds a message of a PBF.
type message []byte

func (m message) bytes(number protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, number, protowire.BytesType), b)
}

func (m message) number(number protowire.Number, v uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, number, protowire.VarintType), v)
}

// block is a block of a PBF around a blob.
func block(kind string, blob []byte) []byte {
	header := message{}.bytes(1, []byte(kind)).number(3, uint64(len(blob)))
	b := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(b, header...), blob...)
}

func raw(kind string, content []byte) []byte { return block(kind, message{}.bytes(1, content)) }

func zigzag(vs ...int64) []byte {
	var b []byte
	for _, v := range vs {
		b = protowire.AppendVarint(b, protowire.EncodeZigZag(v))
	}
	return b
}

func plain(vs ...uint64) []byte {
	var b []byte
	for _, v := range vs {
		b = protowire.AppendVarint(b, v)
	}
	return b
}

// texts are the texts of a block: nothing, then a, b, outer.
var texts = message{}.bytes(1, nil).bytes(1, []byte("a")).bytes(1, []byte("b")).bytes(1, []byte("outer"))

func primitives(group message) []byte { return message{}.bytes(1, texts).bytes(2, group) }

func TestPBFFaults(t *testing.T) {
	dense := func(ids, lats, lons, tags []byte) message {
		return message{}.bytes(2, message{}.bytes(1, ids).bytes(8, lats).bytes(9, lons).bytes(10, tags))
	}
	good := primitives(dense(zigzag(1, 1), zigzag(250000000, 1), zigzag(1210000000, 1), plain(1, 2, 0, 0)))
	header := raw("OSMHeader", message{}.bytes(4, []byte("OsmSchema-V0.6")).bytes(4, []byte("DenseNodes")))
	zipped := func(b []byte) []byte {
		var out bytes.Buffer
		z := zlib.NewWriter(&out)
		_, _ = z.Write(b)
		_ = z.Close()
		return out.Bytes()
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	packed := block("OSMData", message{}.number(2, uint64(len(good))).bytes(3, zipped(good)))
	const one = "[]\nnode/1 [] POINT(121 25)"
	for name, test := range map[string]struct {
		b    []byte
		want string
	}{
		"raw":           {join(header, raw("OSMData", good)), one},
		"zlib":          {join(header, packed), one},
		"zstd":          {join(header, block("OSMData", message{}.number(2, uint64(len(good))).bytes(7, z.EncodeAll(good, nil)))), one},
		"unknown block": {join(header, raw("Other", []byte("x")), packed), one},
		"no elements":   {join(header, raw("OSMData", nil)), "[]"},

		"cut in a blob":       {join(header, packed[:len(packed)-3]), "block at byte 47: the file ends early"},
		"cut in a header":     {join(header, packed[:8]), "block at byte 47: the file ends early"},
		"cut in a length":     {join(header, packed[:2]), "block at byte 47: the file ends early"},
		"header length":       {join(header, []byte{0x7f, 0, 0, 0}), "block at byte 47: its header says to have 2130706432 bytes, at most 65536 are allowed"},
		"blob length":         {join(header, []byte{0, 0, 0, 15}, message{}.bytes(1, []byte("OSMData")).number(3, 1<<31-1)), "block at byte 47: it says to have 2147483647 bytes, at most 33554432 are allowed"},
		"negative length":     {join(header, []byte{0, 0, 0, 20}, message{}.bytes(1, []byte("OSMData")).number(3, 1<<64-1)), "block at byte 47: it says to have -1 bytes, at most 33554432 are allowed"},
		"no length":           {join(header, []byte{0, 0, 0, 9}, message{}.bytes(1, []byte("OSMData"))), "block at byte 47: it says to have -1 bytes, at most 33554432 are allowed"},
		"lz4":                 {join(header, block("OSMData", message{}.number(2, 5).bytes(6, []byte("x")))), "block at byte 47: it is packed in a way that is not known; only zlib and zstd are"},
		"no zlib":             {join(header, block("OSMData", message{}.number(2, 5).bytes(3, []byte("xxxx")))), "block at byte 47: unpack: zlib: invalid header"},
		"too small":           {join(header, block("OSMData", message{}.number(2, uint64(len(good))-1).bytes(3, zipped(good)))), fmt.Sprintf("block at byte 47: it unpacks to other than the %d bytes that it says", len(good)-1)},
		"too large":           {join(header, block("OSMData", message{}.number(2, uint64(len(good))+1).bytes(3, zipped(good)))), fmt.Sprintf("block at byte 47: it unpacks to other than the %d bytes that it says", len(good)+1)},
		"a bomb":              {join(header, block("OSMData", message{}.number(2, 1<<30).bytes(3, zipped(make([]byte, 1<<20))))), "block at byte 47: it unpacks to 1073741824 bytes, at most 33554432 are allowed"},
		"damaged":             {join(header, raw("OSMData", []byte{0xff, 0xff})), "block at byte 47: the block is damaged"},
		"a text beyond":       {join(header, raw("OSMData", primitives(dense(zigzag(1), zigzag(1), zigzag(1), plain(9, 9, 0))))), "block at byte 47: the block is damaged: text 9 of 4"},
		"half a tag":          {join(header, raw("OSMData", primitives(dense(zigzag(1), zigzag(1), zigzag(1), plain(1))))), "block at byte 47: the block is damaged"},
		"fewer places":        {join(header, raw("OSMData", primitives(dense(zigzag(1, 1), zigzag(1), zigzag(1), nil)))), "block at byte 47: the block is damaged: its lists of nodes and places differ in length"},
		"keys without values": {join(header, raw("OSMData", primitives(message{}.bytes(1, message{}.number(1, 2).bytes(2, plain(1)))))), "block at byte 47: the block is damaged"},
		"members":             {join(header, raw("OSMData", primitives(message{}.bytes(4, message{}.number(1, 2).bytes(8, plain(3)).bytes(9, zigzag(1, 2)).bytes(10, plain(1)))))), "block at byte 47: the block is damaged: its lists of members differ in length"},
		"a kind of member":    {join(header, raw("OSMData", primitives(message{}.bytes(4, message{}.number(1, 2).bytes(8, plain(3)).bytes(9, zigzag(1)).bytes(10, plain(7)))))), "block at byte 47: the block is damaged: its lists of members differ in length"},
		"history":             {join(raw("OSMHeader", message{}.bytes(4, []byte("HistoricalInformation")))), "block at byte 0: the file holds the history of its elements; make an extract of one time"},
		"a need":              {join(raw("OSMHeader", message{}.bytes(4, []byte("Sort")))), `block at byte 0: reading the file needs "Sort", which is not known`},
		"beyond the globe":    {join(header, raw("OSMData", message(primitives(dense(zigzag(1), zigzag(1<<62), zigzag(1), plain(1, 2, 0)))).number(17, 1<<31-1))), "[]\nnode/1: has no longitude and latitude"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.TrimSpace(read(t, bytes.NewReader(test.b), geo.KindPoint, "select = [{a = \"b\"}]").String())
			if got != test.want && got != "[]\n"+test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func FuzzXML(f *testing.F) {
	f.Add(document(wayOf(1, area, 11, 21, 22, 11)+relationOf(5, multipolygon, 1)), uint8(3))
	f.Add(`<osm><node id="1" lon="1" lat="2"><tag k="area" v="yes"/></node></osm>`, uint8(1))
	f.Fuzz(func(t *testing.T, text string, k uint8) {
		read(t, strings.NewReader("<osm>"+text), geo.Kind(1+k%3), "select = [{area = true}]")
	})
}

// FuzzPBF changes a block without packing, whose checksums would give every change away.
func FuzzPBF(f *testing.F) {
	for _, name := range []string{"balzers-plain.osm.pbf", "vaduz.osm.pbf"} {
		f.Add(open(f, name), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, k uint8) {
		read(t, bytes.NewReader(b), geo.Kind(1+k%3), "select = [{building = true}]\n[attributes]\na = \"name\"")
		read(t, bytes.NewReader(raw("OSMData", b)), geo.Kind(1+k%3), "select = [{building = true}]")
	})
}

func FuzzMapping(f *testing.F) {
	f.Add("types = [\"way\"]\nselect = [{area = \"yes\", b = false}]\n[attributes]\na = {tag = [\"x\"], values = {y = 1}}")
	f.Fuzz(func(t *testing.T, text string) {
		m := &osm.Mapping{}
		if _, err := toml.Decode(text, m); err != nil {
			return
		}
		file, err := spool.Copy(strings.NewReader("<osm><way id=\"1\"><tag k=\"area\" v=\"yes\"/></way></osm>"), false, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = osm.Read(context.Background(), file, m, row.Options{Kind: geo.KindPolygon}, &rows{})
	})
}

// TestManual reads an extract with each mapping of the manual.
func TestManual(t *testing.T) {
	for name, test := range map[string]struct {
		kind  geo.Kind
		least int
	}{"addresses": {geo.KindPoint, 10}, "trees": {geo.KindPoint, 1}, "buildings": {geo.KindPolygon, 9}, "roads": {geo.KindLine, 5}} {
		text, err := os.ReadFile("../../../docs/manual/osm/" + name + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, bytes.NewReader(open(t, "vaduz.osm.pbf")), test.kind, string(text))
		if len(got.shapes) < test.least {
			t.Errorf("%s: %d features\n%s", name, len(got.shapes), got)
		}
	}
}
