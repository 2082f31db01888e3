package phrase

import "github.com/gewu-city/gewu/geocode/names"

// Word is what a word says about the places beside it.
type Word uint8

// Words.
const (
	NoWord   Word = iota
	And           // A and B
	Crossing      // where roads meet
	Toward        // a direction follows, or one stands before
	Way           // a direction: Element.Bearing
	Side          // behind a direction: 侧, 边, 面
	Corner        // behind a direction: 角
	Measure       // a distance: Element.Metres
	About         // of a measure, says nothing
	Opposite
	Near
	Beside
	Gate
	Inside
	Between
	From
	To
	Of
	On
	Then      // another way follows
	Turn      // a direction, from the one before: Element.Bearing to the right of it
	Milestone // a kilometre mark along a road: Element.Metres
	Spot      // 处, says nothing
)

// word is a word with what it means.
type word struct {
	text    string
	word    Word
	bearing float64
}

// vocabulary is the words in normal form. Bearings are in degrees from north, clockwise.
var vocabulary = []word{
	{"与", And, 0},
	{"和", And, 0},
	{"及", And, 0},
	{"跟", And, 0},
	{"同", And, 0},
	{"、", And, 0},
	{"&", And, 0},
	{"and", And, 0},
	{"at", And, 0},
	{"@", And, 0},
	{"und", And, 0},
	{"et", And, 0},
	{"/", And, 0},
	{"交叉口", Crossing, 0},
	{"交叉路口", Crossing, 0},
	{"交汇处", Crossing, 0},
	{"交会处", Crossing, 0},
	{"交汇口", Crossing, 0},
	{"交会口", Crossing, 0},
	{"交口", Crossing, 0},
	{"交叉处", Crossing, 0},
	{"交叉", Crossing, 0},
	{"路口", Crossing, 0},
	{"十字路口", Crossing, 0},
	{"丁字路口", Crossing, 0},
	{"三岔路口", Crossing, 0},
	{"交界处", Crossing, 0},
	{"交界", Crossing, 0},
	{"交接处", Crossing, 0},
	{"口", Crossing, 0},
	{"街口", Crossing, 0},
	{"巷口", Crossing, 0},
	{"转角", Crossing, 0},
	{"intersection", Crossing, 0},
	{"corner", Crossing, 0},
	{"junction", Crossing, 0},
	{"crossing", Crossing, 0},
	{"ecke", Crossing, 0},
	{"kreuzung", Crossing, 0},
	{"angle", Crossing, 0},
	{"langle", Crossing, 0},
	{"croisement", Crossing, 0},
	{"carrefour", Crossing, 0},
	{"往", Toward, 0},
	{"向", Toward, 0},
	{"朝", Toward, 0},
	{"以", Toward, 0},
	{"偏", Toward, 0},
	{"再往", Toward, 0},
	{"方向", Toward, 0},
	{"行", Toward, 0},
	{"走", Toward, 0},
	{"前行", Toward, 0},
	{"往前", Toward, 0},
	{"向前", Toward, 0},
	{"再走", Toward, 0},
	{"前进", Toward, 0},
	{"前方", Toward, 0},
	{"直行", Toward, 0},
	{"再", Then, 0},
	{"然后", Then, 0},
	{"接着", Then, 0},
	{"之后", Then, 0},
	{"then", Then, 0},
	{"右转", Turn, 90},
	{"左转", Turn, 270},
	{"右拐", Turn, 90},
	{"左拐", Turn, 270},
	{"后右转", Turn, 90},
	{"后左转", Turn, 270},
	{"后右拐", Turn, 90},
	{"后左拐", Turn, 270},
	{"北", Way, 0},
	{"东北", Way, 45},
	{"东", Way, 90},
	{"东南", Way, 135},
	{"南", Way, 180},
	{"西南", Way, 225},
	{"西", Way, 270},
	{"西北", Way, 315},
	{"正北", Way, 0},
	{"正东", Way, 90},
	{"正南", Way, 180},
	{"正西", Way, 270},
	{"北东", Way, 45},
	{"南东", Way, 135},
	{"南西", Way, 225},
	{"北西", Way, 315},
	{"north", Way, 0},
	{"northeast", Way, 45},
	{"east", Way, 90},
	{"southeast", Way, 135},
	{"south", Way, 180},
	{"southwest", Way, 225},
	{"west", Way, 270},
	{"northwest", Way, 315},
	{"侧", Side, 0},
	{"边", Side, 0},
	{"面", Side, 0},
	{"方", Side, 0},
	{"side", Side, 0},
	{"角", Corner, 0},
	{"约", About, 0},
	{"大约", About, 0},
	{"大概", About, 0},
	{"about", About, 0},
	{"左右", About, 0},
	{"距", About, 0},
	{"距离", About, 0},
	{"地下", About, 0}, // of a house, behind its number
	{"请", About, 0},
	{"请到", About, 0},
	{"请去", About, 0},
	{"请来", About, 0},
	{"请在", About, 0},
	{"请帮我", About, 0},
	{"麻烦", About, 0},
	{"麻烦到", About, 0},
	{"麻烦去", About, 0},
	{"麻烦帮我", About, 0},
	{"帮我", About, 0},
	{"帮我去", About, 0},
	{"帮忙", About, 0},
	{"派人到", About, 0},
	{"派人去", About, 0},
	{"看一下", About, 0},
	{"the", About, 0},
	{"der", About, 0},
	{"de", About, 0},
	{"du", About, 0},
	{"la", About, 0},
	{"von", About, 0},
	{"of", Of, 0},
	{"from", Of, 0},
	{"on", On, 0},
	{"的", About, 0},
	{"对面", Opposite, 0},
	{"对过", Opposite, 0},
	{"对门", Opposite, 0},
	{"正对面", Opposite, 0},
	{"斜对面", Opposite, 0},
	{"opposite", Opposite, 0},
	{"across", Opposite, 0},
	{"gegenuber", Opposite, 0},
	{"gegenueber", Opposite, 0},
	{"en face", Opposite, 0},
	{"附近", Near, 0},
	{"近", Near, 0},
	{"靠近", Near, 0},
	{"邻近", Near, 0},
	{"临近", Near, 0},
	{"周边", Near, 0},
	{"周围", Near, 0},
	{"一带", Near, 0},
	{"不远处", Near, 0},
	{"near", Near, 0},
	{"nahe", Near, 0},
	{"pres", Near, 0},
	{"旁", Beside, 0},
	{"旁边", Beside, 0},
	{"边上", Beside, 0},
	{"隔壁", Beside, 0},
	{"路边", Beside, 0},
	{"路旁", Beside, 0},
	{"next", Beside, 0},
	{"beside", Beside, 0},
	{"neben", Beside, 0},
	{"a cote", Beside, 0},
	{"门口", Gate, 0},
	{"门前", Gate, 0},
	{"大门", Gate, 0},
	{"大门口", Gate, 0},
	{"正门", Gate, 0},
	{"前", Gate, 0},
	{"前面", Gate, 0},
	{"后面", Gate, 0},
	{"楼下", Gate, 0},
	{"东门", Gate, 0},
	{"西门", Gate, 0},
	{"南门", Gate, 0},
	{"北门", Gate, 0},
	{"内", Inside, 0},
	{"里", Inside, 0},
	{"里面", Inside, 0},
	{"里头", Inside, 0},
	{"里边", Inside, 0},
	{"inside", Inside, 0},
	{"之间", Between, 0},
	{"中间", Between, 0},
	{"between", Between, 0},
	{"zwischen", Between, 0},
	{"entre", Between, 0},
	{"路段", Between, 0},
	{"东起", From, 90},
	{"西起", From, 270},
	{"南起", From, 180},
	{"北起", From, 0},
	{"起", From, 0},
	{"从", From, 0},
	{"自", From, 0},
	{"东至", To, 90},
	{"西至", To, 270},
	{"南至", To, 180},
	{"北至", To, 0},
	{"至", To, 0},
	{"到", To, 0},
	{"to", To, 0},
	{"处", Spot, 0},
	{"位置", Spot, 0},
	{"上", Spot, 0},
}

// lexicon finds the vocabulary.
var lexicon = newLexicon()

func newLexicon() *names.Set {
	all := make([]string, len(vocabulary))
	for i, w := range vocabulary {
		all[i] = w.text
	}
	return names.New(all)
}
