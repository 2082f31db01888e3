package places_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/gewu-city/gewu/cmd/gewu/places"
)

// TestInputs reads tables as cities have them.
func TestInputs(t *testing.T) {
	const street = "編號,地址\n1,臺北市大安區和平東路二段106號\n"
	big5, err := traditionalchinese.Big5.NewEncoder().String(street)
	if err != nil {
		t.Fatal(err)
	}
	gb18030, err := simplifiedchinese.GB18030.NewEncoder().String("编号,地址\n1,北京市朝阳区建国路一号\n")
	if err != nil {
		t.Fatal(err)
	}
	answered := func(text string) string { return fmt.Sprintf("%d.5,in %s,", len(text), text) }
	for _, tc := range []struct{ name, in, encoding, want, told, wrong string }{
		{name: "semicolons", in: "id;地址\n1;a,b\n", want: "id,地址,lon,label,error\n1,\"a,b\",3.5,\"in a,b\",\n"},
		{name: "tabs", in: "id\t地址\n1\tab\n", want: "id,地址,lon,label,error\n1,ab,2.5,in ab,\n"},
		{name: "bars", in: "id|地址\n1|ab\n", want: "id,地址,lon,label,error\n1,ab,2.5,in ab,\n"},
		{name: "mark", in: "\ufeffid,地址\r\n1,ab\r\n", want: "id,地址,lon,label,error\n1,ab,2.5,in ab,\n"},
		{name: "utf-16", in: "\xff\xfei\x00d\x00,\x000W@W\n\x001\x00,\x00a\x00\n\x00", want: "id,地址,lon,label,error\n1,a,1.5,in a,\n"},
		{name: "gb18030, guessed", in: gb18030, want: "编号,地址,lon,label,error\n1,北京市朝阳区建国路一号," + answered("北京市朝阳区建国路一号") + "\n", told: "was read as gb18030"},
		{name: "big5, told", in: big5, encoding: "big5", want: "編號,地址,lon,label,error\n1,臺北市大安區和平東路二段106號," + answered("臺北市大安區和平東路二段106號") + "\n"},
		{name: "big5, not told", in: big5, wrong: "line 1, which must name the columns, is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5"},
		{name: "wrong encoding", in: "id,地址\n1,ab\n2,\xff\n", want: "id,地址,lon,label,error\n1,ab,2.5,in ab,\n2,\ufffd,,,\"line 3: 地址 is not UTF-8; name the encoding of the file with --encoding, for example gb18030 or big5\"\n"},
		{name: "quote", in: "id,地址\n1,\"ab\n2,cd\n", want: "id,地址,lon,label,error\n\"1,\"\"ab\",,,,line 2: 地址 a quote is not closed\n2,cd,2.5,in cd,\n"},
		{name: "quote, one column", in: "地址\n\"ab\ncd\n", want: "地址,lon,label,error\n\"\"\"ab\",,,line 2: 地址 a quote is not closed\ncd,2.5,in cd,\n"},
		{name: "widths", in: "id,地址\n1\n2,a,b\n3,cd\n", want: "id,地址,lon,label,error\n1,,,,\"line 2: has 1 fields, but the header has 2\"\n2,a,,,\"line 3: has 3 fields, but the header has 2\"\n3,cd,2.5,in cd,\n"},
		{name: "empty", in: "\n", wrong: "the file is empty; the first line must name the columns"},
		{name: "binary", in: "\x00\x01\x02", wrong: "has a zero byte"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, way := range []string{"file", "standard input"} {
				flags, in := places.Geocode{Column: "地址", Encoding: tc.encoding}, tc.in
				if way == "file" {
					flags.In, in = write(t, "in.csv", tc.in), ""
				}
				out, told, err := (&rowCity{most: -1}).run(flags, in)
				switch {
				case tc.wrong != "":
					if err == nil || !strings.Contains(err.Error(), tc.wrong) {
						t.Errorf("%s: %v, want %s", way, err, tc.wrong)
					}
				case err != nil || out != tc.want || !strings.Contains(told, tc.told):
					t.Errorf("%s: %v %s\n%s\nwant\n%s", way, err, told, out, tc.want)
				}
			}
		})
	}
}

// TestResumeOther goes on only with the input that the output was made from.
func TestResumeOther(t *testing.T) {
	const (
		table    = "id,q,label\n1,a,x\n2,b,y\n3,\"c\r\nd\",z\n4\n5,e,v\n"
		objects  = "{\"id\":1,\"q\":\"a\"}\nnone\n{\"id\":3,\"q\":\"c\",\"label\":\"z\"}\n"
		answers  = "{\"id\":1,\"q\":\"a\",\"cells\":[]}\n{\"input\":\"none\",\"error\":\"no object\"}\n{\"id\":3,\"q\":\"c\",\"label\":\"in c\",\"cells\":[]}\n"
		answered = "id,q,label,lon,error\n1,a,in a,1.5,\n2,b,in b,1.5,\n3,\"c\nd\",in c,1.5,\n4,,,,line 5: short\n"
	)
	for _, tc := range []struct{ name, kind, in, out, want string }{
		{"same", "csv", table, answered, ""},
		{"a column of the answer", "csv", strings.Replace(table, "2,b,y", "2,b,other", 1), answered, ""},
		{"other text", "csv", strings.Replace(table, "2,b,y", "2,B,y", 1), answered, `row 2, line 3 of in.csv, has q "B", and the output "b"`},
		{"other id", "csv", strings.Replace(table, "1,a", "9,a", 1), answered, `row 1, line 2 of in.csv, has id "9", and the output "1"`},
		{"a row more", "csv", strings.Replace(table, "2,b,y", "7,k,\n2,b,y", 1), answered, `row 2, line 3 of in.csv, has id "7"`},
		{"a short row that is none", "csv", strings.Replace(table, "\n4\n", "\n4,k,x\n", 1), answered, `row 4, line 6 of in.csv, has q "k"`},
		{"objects", "ndjson", objects, answers, ""},
		{"other object", "ndjson", strings.Replace(objects, `"a"`, `"b"`, 1), answers, `row 1 of in.ndjson has q "b", and the output "a"`},
		{"other member", "ndjson", strings.Replace(objects, `"id"`, `"nr"`, 1), answers, `row 1 of in.ndjson has nr 1, and the output none`},
		{"an object that was none", "ndjson", strings.Replace(objects, "none", `{"q":"none"}`, 1), answers, `row 2 of in.ndjson has q "none", and the output none`},
		{"no object that was one", "ndjson", strings.Replace(objects, `{"id":3`, `{{"id":3`, 1), answers, `row 3 of in.ndjson`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in."+tc.kind), filepath.Join(dir, "out."+tc.kind)
			put(t, in, tc.in)
			put(t, out, tc.out)
			_, _, err := (&rowCity{most: -1}).run(places.Geocode{In: in, Out: out, Column: "q", Resume: true}, "")
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "it belongs to another input")):
				t.Errorf("%v, want %s", err, tc.want)
			case tc.want != "" && read(t, out) != tc.out:
				t.Errorf("the output became\n%s", read(t, out))
			}
		})
	}
}
