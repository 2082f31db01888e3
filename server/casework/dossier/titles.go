package dossier

import (
	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// Titles are what events are called that no process has: by which a case hears of another one, of a clock, of another platform,
// and of which of its pictures the public sees.
var Titles = map[string]data.Title{
	string(cases.Joined): {"zh": "并入一案", "en": "Another case joined it"},
	string(cases.Left):   {"zh": "并案撤销", "en": "A case left it"},
	string(cases.Rested): {"zh": "子案办结", "en": "A part came to rest"},
	string(cases.Rose):   {"zh": "子案重启", "en": "A part was taken up again"},
	cases.Tells:          {"zh": "时限提醒", "en": "A time limit was told of"},
	cases.Numbers:        {"zh": "对方平台已接收", "en": "Another platform took it in"},
	cases.Releases:       {"zh": "公开照片", "en": "A picture was opened to the public"},
	cases.Withdraws:      {"zh": "撤回公开照片", "en": "A picture was taken away from the public"},
}
