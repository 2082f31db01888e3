package intake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/server/rest"
)

// Field is what a column of a file says of a report.
type Field string

// The fields. Name, phone and e-mail are kept apart from the case, sealed; where nothing seals, they are left out with a note.
const (
	External    Field = "external"
	Reported    Field = "reported"
	Class       Field = "class"
	Kind        Field = "kind"
	Edition     Field = "edition"
	Description Field = "description"
	Lon         Field = "lon"
	Lat         Field = "lat"
	Address     Field = "address"
	Part        Field = "part"
	Source      Field = "source"
	Reporter    Field = "reporter"
	Name        Field = "name"
	Phone       Field = "phone"
	Email       Field = "email"
)

// spelling is a field with the names that columns have for it, in the form of [data.FoldName].
type spelling struct {
	field Field
	names []string
}

// spellings are the names of columns that need no map, the usual one in front.
var spellings = []spelling{
	{External, []string{"external", "externalid", "number", "no", "编号", "案件编号", "工单编号", "工单号", "外部编号", "受理编号", "編號", "案件編號", "工單編號", "案號"}},
	{Reported, []string{"reported", "reportedat", "reporttime", "time", "requesteddatetime", "上报时间", "报告时间", "受理时间", "来电时间", "举报时间", "发生时间", "时间", "上報時間", "通報時間", "時間"}},
	{Class, []string{"class", "category", "classcode", "classname", "类别", "小类", "问题类别", "案件类别", "类别编码", "小类编码", "类别名称", "小类名称", "類別", "小類"}},
	{Kind, []string{"kind", "classkind", "性质", "问题类型", "部件事件", "類型"}},
	{Edition, []string{"edition", "classedition", "版本", "类别版本", "標準版本"}},
	{Description, []string{"description", "words", "text", "content", "描述", "问题描述", "案件描述", "内容", "诉求内容", "问题", "問題描述", "內容"}},
	{Lon, []string{"lon", "lng", "long", "longitude", "x", "经度", "經度"}},
	{Lat, []string{"lat", "latitude", "y", "纬度", "緯度"}},
	{Address, []string{"address", "addressstring", "location", "地址", "地点", "位置", "事发地址", "事发地点", "位置描述", "地址描述", "地點"}},
	{Part, []string{"part", "partcode", "asset", "assetid", "部件", "部件编码", "部件代码", "部件标识码", "部件編碼"}},
	{Source, []string{"source", "channel", "来源", "案件来源", "渠道", "來源"}},
	{Reporter, []string{"reporter", "reporterref", "reporterid", "举报人编号", "上报人编号", "报告人编号"}},
	{Name, []string{"name", "contact", "contactname", "姓名", "联系人", "举报人", "上报人", "报告人", "反映人", "聯絡人"}},
	{Phone, []string{"phone", "telephone", "tel", "mobile", "contactphone", "电话", "联系电话", "手机", "手机号", "联系方式", "電話", "聯絡電話"}},
	{Email, []string{"email", "mail", "contactemail", "邮箱", "电子邮箱", "电子邮件", "電子郵件"}},
}

// personal are the fields whose values stand in no message.
func (f Field) personal() bool { return f == Reporter || f.contact() }

// contact reports whether a field is who reported, or how to reach them.
func (f Field) contact() bool { return f == Name || f == Phone || f == Email }

// Fields are the names of the fields.
func Fields() []string {
	var all []string
	for _, s := range spellings {
		all = append(all, string(s.field))
	}
	return all
}

// Columns says what columns mean: by what somebody said, else by their names.
type Columns struct {
	said    map[string]Field
	ignored []string
}

// NewColumns are columns of which somebody said "COLUMN=FIELD", and which to leave alone.
func NewColumns(maps, ignored []string) (*Columns, error) {
	c := &Columns{said: map[string]Field{}, ignored: ignored}
	for _, pair := range maps {
		column, field, ok := strings.Cut(pair, "=")
		column, field = strings.TrimSpace(column), strings.TrimSpace(field)
		if !ok || column == "" {
			return nil, rest.Fault(rest.BadRequest, "map", pair, "must be COLUMN=FIELD, such as 工单号=external")
		}
		if !slices.Contains(Fields(), field) {
			return nil, rest.Unknown("field in map", field, Fields())
		}
		c.said[column] = Field(field)
	}
	return c, nil
}

// head is what the columns of a file mean, by their places; empty for those that mean nothing.
type head struct {
	columns []string
	fields  []Field
	// unknown are the columns that mean nothing and were not to be left alone.
	unknown []string
}

// read finds out what columns mean. Two that mean the same are a fault.
func (c *Columns) read(columns []string) (*head, *data.FieldError) {
	h := &head{columns: slices.Clone(columns), fields: make([]Field, len(columns))}
	at := map[Field]int{}
	for i, name := range columns {
		field, said := c.said[name]
		switch {
		case said:
		case slices.Contains(c.ignored, name):
			continue
		default:
			field = named(name)
		}
		if field == "" {
			if name != "" {
				h.unknown = append(h.unknown, name)
			}
			continue
		}
		other, twice := at[field]
		if !twice {
			at[field], h.fields[i] = i, field
			continue
		}
		_, before := c.said[columns[other]]
		switch {
		case said && before || !said && !before:
			return nil, &data.FieldError{Field: row.Name(columns, i), Why: fmt.Sprintf("is %s, as column %s is: say which with map=COLUMN=%s, or leave one alone with ignore", field, row.Name(columns, other), field)}
		case said:
			h.fields[other], h.fields[i], at[field] = "", field, i
		}
	}
	return h, nil
}

// named is the field that the name of a column means, empty for none.
func named(column string) Field {
	folded := data.FoldName(column)
	for i := range spellings {
		if slices.Contains(spellings[i].names, folded) {
			return spellings[i].field
		}
	}
	return ""
}

// missing are columns that somebody said something of and that a file does not have.
func (c *Columns) missing(columns []string) error {
	for column := range c.said {
		if !slices.Contains(columns, column) {
			return rest.Fault(rest.Invalid, "map", column, "is not a column of the file; its columns are "+rest.Shorten(strings.Join(columns, ", ")))
		}
	}
	return nil
}

// of is the value of a field in a row, and the name of its column; both empty where there is none.
func (h *head) of(f Field, cells []string) (value, column string) {
	for i, field := range h.fields {
		if field == f && i < len(cells) {
			return strings.TrimSpace(cells[i]), row.Name(h.columns, i)
		}
	}
	return "", ""
}

// column is what messages call a field: its column, else its name.
func (h *head) column(f Field) string {
	if i := slices.Index(h.fields, f); i >= 0 {
		return row.Name(h.columns, i)
	}
	return string(f)
}
