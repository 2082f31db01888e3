package noise

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/pinyin"
)

// frequent are the 300 most frequent characters in the names of the roads and villages of the demonstration city, each
// name counted once, the most frequent first; TestFrequent counts them again. Numerals, units and what ends names are
// left out.
const frequent = "興安東福中新南大德山華民西湖北光和景萬明永龍富陽松林江仁平寧州文行港天康復忠昌國園建美吉成泉泰金雲愛" +
	"義長隆順壽崇溪化慶業榮樂正河祥通雙仰敦水洲源玉莊豐重錦黎瑞生社賢青信善崙敬星樟潭立翠裕雅保全公利前功" +
	"合同城延政春盛石秀臨芳葫蘭仙倫元內原口坡基子孝寶小岩年庸後惠木朱權母清紫群聲致舊英誠貴農遠開頂下佳劍" +
	"勇勤嘉堤士央學常幸強心志承振族有杏樹武溫環田經老聖聚育自至菁蘆連館麗京伊住凱分力勝勢博古埤塔墘奇宜實" +
	"尊居屯島嶺師庄府廈廣得恆慈懷指撫斯日昆智杭柳柵格桃森波海渡漢濱煌牌理甘直研碧磺科稻等紹綏維聯臥芝虎螢" +
	"試貿車輝都關集雨香齡丹久亞亥亨亭介健儀克凌厚厦友台名向吳哈商喜嘯圃圓圖坑埔夏太奉如守宗定宮家密封岡峨"

var frequentRunes = sync.OnceValue(func() []rune { return []rune(frequent) })

// lookAlikes are groups of characters that are taken for each other in handwriting, on worn plates and by programs that
// read them.
const lookAlikes = `
土士 末未 大太犬 天夫 人入八 日曰目 己已巳 千干于 午牛 王玉主 田由甲申 白百自 木本术 水永冰 力刀 上土 下卞 石右 古吉舌 北此 西酉
東柬束 东乐 南甫 中申 安案 平乎 和知 合台 成戍 明朋 昌冒 星呈 林杯 松柏 柏伯 桂柱 梅悔 柳抑 楊揚 杨扬 橋僑 桥侨 江汪 河何 湖潮 溪雞
海梅 洲州 港巷 清請青 清请 源原 泉皇 漢漠 汉汊 浦埔 淡談 淡谈 洪共 濟齊 济齐 新親 新析 興與 兴光 光先 复夏 福褔富 富當 貴責 贵责
信倍 仁仕 義議 义叉 和利 忠志 孝老 愛受 爱受 德得 禮體 礼孔 智知 公分 民氏 族旅 權觀 权杈 建健 康唐 延廷 吉古 慶應 庆床 壽籌 寿奉 永泳
長張 长张 春舂 秋秒 景影 文交 武或 英莫 華畢 华毕 龍籠 龙尤 鳳風 凤风 虎虛 塔搭 悠攸 撫無 抚扰 遠還 远还 進近 通桶 達逹 迪油 連蓮
蓮運 莊裝 庄压 園圍 园困 國固 国困 圓園 四西 羅維 罗岁 斯期 師帥 师帅 院完 學覺 学字 校較 校较 和私 萬邁 万方 隆降 陽陸 阳阴 陵陸 陽楊
青責 農濃 农衣 業叢 业亚 錦綿 锦绵 銅鋼 铜钢 金全 銀根 银根 寶實 宝室 寧宇 宁宇 廈夏 厦夏 廣黃 广厂 虹红 衡衝 岡罔 冈网 崇祟 嶺領
岭领 山出 川州 谷各 坡波 坪平 埔浦 堤提 塘糖 墩敦 敦致 城誠 城诚 基其 堂當 陝俠 陕侠 襄裏 辛幸 亥刻 昆毘 昆比 臨監 临监 潭譚
碧珀 瑞端 環還 环坏 珠株 琉硫 祥詳 祥详 秀禿 秀秃 稻滔 穗稽 竹行 笠竺 糖塘 紅江 紫柴 綠錄 绿录 維惟 维惟 聖堅 圣至 聲磬 育盲 臥趴 菜萊
萊菜 葫胡 蘆盧 芦卢 蘭關 兰三 誠城 諸豬 賢堅 贤坚 迎抑 週調 逸免 郵垂 重童 量童 雙隻 双又 雅稚 雲電 云去 順須 顺须 饒繞 饶绕 館飽 麗鹿
`

// alike are the characters that look like each one.
var alike = sync.OnceValue(func() map[rune][]rune {
	of := map[rune][]rune{}
	for group := range strings.FieldsSeq(lookAlikes) {
		for _, a := range group {
			for _, b := range group {
				if a != b {
					of[a] = append(of[a], b)
				}
			}
		}
	}
	return of
})

// pairs are simplified characters of addresses and the traditional ones that stand for them there, where the tables do
// not say which: Big5 has the simplified one, too, or several fold to it. Characters that traditional names have as often
// with another meaning (后, 里, 谷) are left out.
const pairs = `
台臺 宁寧 广廣 云雲 优優 儿兒 冲沖 冈岡 厂廠 历歷 发發 圣聖 坛壇 复復 岭嶺 庄莊 异異 怀懷 恒恆 据據 机機 极極 构構 柜櫃 气氣 汇匯 洁潔 浒滸 湿濕 离離 种種 筑築 网網 胜勝
苹蘋 范範 茧繭 荐薦 获獲 蚕蠶 证證 适適 鉴鑒 钟鐘 须須 沈瀋 涂塗 洼窪 杰傑 嵝嶁 强強 个個 尽盡 当當 荡蕩 锤錘 叹嘆 崭嶄 仑崙 闲閒 迹跡 勋勳 饥飢 专專 脏髒
`

// reverse is the traditional character of each simplified one: the one of level 1 of Big5 that folds to it, where Big5
// does not have the simplified one itself, and those of pairs.
var reverse = sync.OnceValue(func() map[rune]rune {
	of := map[rune]rune{}
	several := map[rune]bool{}
	big5 := traditionalchinese.Big5.NewEncoder()
	for _, list := range commonTraditional() {
		for _, full := range list {
			simple := fold(full)
			if simple == full {
				continue
			}
			code, err := big5.String(string(simple))
			const first, last = 0xA4, 0xF9 // of Big5 itself, without what Hong Kong added
			if err == nil && len(code) == 2 && first <= code[0] && code[0] <= last {
				continue
			}
			if _, twice := of[simple]; twice {
				several[simple] = true
			}
			of[simple] = full
		}
	}
	for simple := range several {
		delete(of, simple)
	}
	for pair := range strings.FieldsSeq(pairs) {
		simple, n := utf8.DecodeRuneInString(pair)
		of[simple], _ = utf8.DecodeRuneInString(pair[n:])
	}
	return of
})

const firstHan, lastHan = 0x4E00, 0x9FFF

var folds = sync.OnceValue(func() []rune {
	t := make([]rune, lastHan-firstHan+1)
	for i := range t {
		t[i] = firstHan + rune(i)
		if f := normal.Of(string(t[i])).Runes; len(f) == 1 && t[i] != '衖' { // 衖 is 弄 in addresses, not in script
			t[i] = f[0]
		}
	}
	return t
})

// fold is the simplified form of a character.
func fold(r rune) rune {
	if r < firstHan || r > lastHan {
		return r
	}
	return folds()[r-firstHan]
}

// scriptOf is the script that has a character and not the other.
func scriptOf(r rune) script {
	if fold(r) != r {
		return traditional
	}
	if _, ok := reverse()[r]; ok {
		return simplified
	}
	return either
}

// otherScript writes a text in the other script.
func (s *source) otherScript() (string, bool) {
	if s.script == either {
		return "", false
	}
	out := make([]rune, len(s.runes))
	for i, r := range s.runes {
		out[i] = r
		if s.script == traditional {
			out[i] = fold(r)
		} else if t, ok := reverse()[r]; ok {
			out[i] = t
		}
	}
	return string(out), true
}

// common are the characters in common use by their first reading, of the lists that the encodings of both scripts begin
// with: level 1 of GB 2312 (3,755 characters) and level 1 of Big5 (5,401).
func common(s script) map[pinyin.Syllable][]rune {
	if s == simplified {
		return commonSimplified()
	}
	return commonTraditional()
}

var (
	commonSimplified = sync.OnceValue(func() map[pinyin.Syllable][]rune {
		return sounds(simplifiedchinese.GBK, 0xB0A1, 0xD7F9)
	})
	commonTraditional = sync.OnceValue(func() map[pinyin.Syllable][]rune {
		return sounds(traditionalchinese.Big5, 0xA440, 0xC67E)
	})
)

// sounds are the characters of an encoding from one code to another, in their order.
func sounds(e encoding.Encoding, from, to int) map[pinyin.Syllable][]rune {
	of := map[pinyin.Syllable][]rune{}
	d := e.NewDecoder()
	for code := from; code <= to; code++ {
		if low := code & 0xFF; low < 0x40 || low == 0x7F || from == 0xB0A1 && low < 0xA1 {
			continue
		}
		text, err := d.Bytes([]byte{byte(code >> 8), byte(code)})
		if err != nil {
			continue
		}
		r, n := utf8.DecodeRune(text)
		if n != len(text) || !isHan(r) {
			continue
		}
		if s := pinyin.Of(fold(r)); len(s) > 0 {
			of[s[0]] = append(of[s[0]], r)
		}
	}
	return of
}
