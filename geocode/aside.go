package geocode

import (
	"strings"

	"github.com/gewu-city/gewu/geocode/phrase"
)

// Words before a place that say it of something else than what is reported, and words behind a name that make it an
// office.
var (
	homes    = []string{"家住", "住在", "居住", "现居", "人住", "住址", "户籍", "户籍地址", "户籍地", "我家", "家在", "我住", "联络地址", "联系地址", "寄信地址", "通讯地址", "通信地址", "邮寄地址", "住所", "人地址", "不是", "并非", "i live", "my address", "home address"}
	handlers = []string{"转办", "转交", "转请", "转由", "转知", "转", "交由", "移交", "移送", "函转", "副本", "责任单位", "处置单位", "承办单位", "主办单位", "抄送", "派单", "forwarded to", "refer to"}
	// mattering are words behind which what was said before does not count.
	mattering = []string{"反映", "检举", "投诉", "举报", "看到", "看见", "发现", "经过", "案由", "地点", "位于", "report"}
	offices   = []string{"区公所", "公所", "街道办", "办事处", "派出所", "分局", "区政府", "政府", "工务局", "环保局", "交通局", "城管", "执法", "居委会", "里长", "里办公处", "物业", "养护工程", "上班", "上学", "工作", "管理处", "管理局"}
)

// asidePoints is what a place loses that the text says of something else: where the caller lives, who is to handle it.
const asidePoints = 25

// aside reports whether a claim says where something else is. Its words stand in the same sentence before it, or right
// behind it.
func (f *finder) aside(cl *claim) bool {
	const before, behind = 14, 6
	first := cl.first
	if len(cl.areas) > 0 {
		first = min(first, cl.areas[0])
	}
	for first > 0 && f.elements[first-1].Kind == phrase.Admin {
		first--
	}
	start := f.elements[first].Start
	left := strings.TrimRight(string(f.text.Runes[max(0, start-before):start]), " ")
	if rest, ok := strings.CutSuffix(left, ","); ok && endsWithAny(rest, homes) {
		left = rest // 联络地址: is no sentence of its own
	}
	left = left[strings.LastIndexByte(left, ',')+1:]
	for _, list := range [][]string{homes, handlers} {
		for _, word := range list {
			if i := strings.LastIndex(left, word); i >= 0 && !containsAny(left[i+len(word):], mattering) {
				return true
			}
		}
	}
	end := f.elements[cl.last].End
	right := string(f.text.Runes[end:min(len(f.text.Runes), end+behind)])
	for _, word := range offices {
		if strings.HasPrefix(right, word) {
			return true
		}
	}
	return false
}

func endsWithAny(text string, words []string) bool {
	for _, w := range words {
		if strings.HasSuffix(text, w) {
			return true
		}
	}
	return false
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
