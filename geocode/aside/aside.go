// Package aside reads the words around a place in a report: whether it is what the report is about, or where the caller lives and
// who is to handle it. It knows no place.
package aside

import (
	"slices"
	"strings"
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

// About is what words say of a place.
type About uint8

// What they say.
const (
	Nothing   About = iota
	Else            // it is where somebody lives, or who is to handle it
	Residents       // it is that of whom the report speaks
)

// Label cuts a word with a comma behind it from what stands before a place if the word tells of the place: 联络地址, is no sentence
// of its own. It returns what stands in the sentence of the place.
func Label(left string) string {
	if rest, ok := strings.CutSuffix(left, ","); ok {
		label := rest[strings.LastIndexByte(rest, ',')+1:]
		if endsWithAny(label, homes) || slices.Contains(living, label) || endsWithAny(label, happening[1:]) {
			left = rest
		}
	}
	return left[strings.LastIndexByte(left, ',')+1:]
}

// Of is what the words in the sentence before a place and right behind it say of it.
func Of(left, right string) About {
	for _, list := range [][]string{homes, handlers} {
		for _, word := range list {
			if i := strings.LastIndex(left, word); i >= 0 && !containsAny(left[i+len(word):], mattering) {
				return Else
			}
		}
	}
	for _, word := range living {
		if rest, ok := strings.CutSuffix(left, word); ok && !endsWithAny(rest, strings.Split(held, "")) {
			return Else
		}
	}
	switch {
	case beginsWithAny(right, offices):
		return Else
	case beginsWithAny(right, residents):
		return Residents
	}
	return Nothing
}

// Happens says how sure the words around a place are that something happens there: 0 if they do not say so.
func Happens(left, right string) int {
	switch {
	case beginsWithAny(right, happened):
		return 2
	case endsWithAny(left, happening):
		return 1
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
