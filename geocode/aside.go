package geocode

import (
	"slices"
	"strings"

	"github.com/gewu-city/gewu/geocode/phrase"
	"github.com/gewu-city/gewu/geocode/relation"
)

// Words before a place that say it of something else than what is reported, and words behind a name that make it an
// office.
var (
	homes    = []string{"家住", "住在", "居住", "现居", "人住", "报案人在", "来电人在", "陈情人在", "住址", "户籍", "户籍地址", "户籍地", "我家", "家在", "我住", "联络地址", "联系地址", "寄信地址", "通讯地址", "通信地址", "邮寄地址", "住所", "人地址", "不是", "并非", "i live", "my address", "home address"}
	handlers = []string{"转办", "转交", "转请", "转由", "转知", "转", "交由", "移交", "移送", "函转", "副本", "责任单位", "处置单位", "承办单位", "主办单位", "抄送", "派单", "forwarded to", "refer to"}
	// mattering are words behind which what was said before does not count.
	mattering = []string{"反映", "检举", "投诉", "举报", "看到", "看见", "发现", "经过", "案由", "地点", "位于", "report"}
	offices   = []string{"区公所", "公所", "街道办", "办事处", "派出所", "分局", "区政府", "政府", "工务局", "环保局", "交通局", "城管", "执法", "居委会", "里长", "里办公处", "物业", "养护工程", "上班", "上学", "工作", "管理处", "管理局"}
)

// Words right before a place where somebody lives, and characters before 住 that make it the end of a verb: 挡住.
var (
	living = []string{"住", "住于", "住户", "户主", "屋主"}
	held   = "挡堵盖遮罩卡抓捉围拦压停挤塞记忍困捂顶撑扶封占"
)

// Words right behind a place that make it the home of who is spoken of, and right before and behind one where something
// happens.
var (
	residents = []string{"住户", "的住户", "居民", "的居民", "的屋主"}
	happening = []string{"在", "位于", "发生于", "地点", "地点是", "现场", "现场是", "事发", "事发地", "案发", "案发地", "事故地址", "坐落", "坐落于"}
	happened  = []string{"发生"}
)

// What a place loses that the text says of something else: where the caller lives, who is to handle it; or whose residents
// it speaks of.
const (
	asidePoints    = 25
	residentPoints = 6
	happenPoints   = 6 // what one has before others where the text says that something happens
)

// clause is what stands in the same sentence before a claim.
func (f *finder) clause(cl *relation.Claim) string {
	const before = 14
	first := cl.First
	if len(cl.Areas) > 0 {
		first = min(first, cl.Areas[0])
	}
	for first > 0 && f.elements[first-1].Kind == phrase.Admin {
		first--
	}
	start := f.elements[first].Start
	left := strings.TrimRight(string(f.text.Runes[max(0, start-before):start]), " ")
	if rest, ok := strings.CutSuffix(left, ","); ok {
		label := rest[strings.LastIndexByte(rest, ',')+1:]
		if endsWithAny(label, homes) || slices.Contains(living, label) || endsWithAny(label, happening[1:]) {
			left = rest // 联络地址: is no sentence of its own
		}
	}
	return left[strings.LastIndexByte(left, ',')+1:]
}

// following is the text right behind a claim.
func (f *finder) following(cl *relation.Claim) string {
	const behind = 6
	end := f.elements[cl.Last].End
	return string(f.text.Runes[end:min(len(f.text.Runes), end+behind)])
}

// aside is what a claim loses that says where something else is. Its words stand in the same sentence before it, or right
// behind it.
func (f *finder) aside(cl *relation.Claim) int {
	left := f.clause(cl)
	for _, list := range [][]string{homes, handlers} {
		for _, word := range list {
			if i := strings.LastIndex(left, word); i >= 0 && !containsAny(left[i+len(word):], mattering) {
				return asidePoints
			}
		}
	}
	for _, word := range living {
		if rest, ok := strings.CutSuffix(left, word); ok && !endsWithAny(rest, strings.Split(held, "")) {
			return asidePoints
		}
	}
	right := f.following(cl)
	switch {
	case beginsWithAny(right, offices):
		return asidePoints
	case f.local && beginsWithAny(right, residents):
		return residentPoints
	}
	return 0
}

// happens is what a claim has before others because the text says that something happens there.
func (f *finder) happens(cl *relation.Claim) int {
	switch {
	case !f.local:
	case beginsWithAny(f.following(cl), happened):
		return happenPoints + 1
	case endsWithAny(f.clause(cl), happening):
		return happenPoints
	}
	return 0
}

func beginsWithAny(text string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
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
