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

// pairs are simplified characters of addresses and the traditional ones that stand for them there. Characters that are
// also traditional ones with another meaning (后, 里, 谷) are left out unless names hardly have them (云, 台).
const pairs = `
东東 区區 县縣 镇鎮 乡鄉 号號 楼樓 层層 栋棟 邻鄰 组組 门門 单單 桥橋 台臺 湾灣 国國 华華 兴興 庆慶 宁寧 广廣 龙龍 凤鳳 阳陽 阴陰 陆陸 陈陳 陕陝 长長 张張 马馬 鸟鳥 鱼魚 鸡雞 鹤鶴
鸿鴻 黄黃 齐齊 齿齒 云雲 雾霧 电電 灵靈 静靜 韩韓 顺順 颖穎 饶饒 馆館 驿驛 义義 乐樂 习習 书書 买買 亚亞 产產 亿億 仓倉 从從 优優 会會 伟偉 传傳 侨僑 俭儉 储儲 儿兒 兰蘭 关關 养養
内內 军軍 农農 冲沖 冈岡 刘劉 创創 剑劍 办辦 务務 动動 励勵 劳勞 势勢 医醫 卢盧 卫衛 厂廠 厅廳 历歷 厦廈 双雙 发發 变變 叶葉 吴吳 员員 响響 园園 围圍 圆圓 图圖 圣聖 场場 坛壇 坝壩
垄壟 堑塹 墙牆 声聲 处處 备備 复復 头頭 夹夾 奋奮 妇婦 娄婁 学學 孙孫 宝寶 实實 宪憲 宫宮 宽寬 宾賓 对對 寻尋 导導 寿壽 将將 尔爾 岁歲 岗崗 岛島 岭嶺 峡峽 币幣 师師 带帶 帅帥 庄莊
应應 庙廟 库庫 开開 异異 弥彌 归歸 录錄 径徑 忆憶 怀懷 态態 总總 恒恆 恳懇 扬揚 抚撫 报報 担擔 护護 拥擁 择擇 据據 敌敵 数數 断斷 无無 旧舊 时時 旷曠 显顯 晋晉 晓曉 术術 机機 权權
条條 来來 杨楊 极極 构構 枢樞 柜櫃 标標 树樹 栏欄 样樣 桦樺 档檔 检檢 欢歡 欧歐 毕畢 气氣 汇匯 汉漢 沟溝 沪滬 泪淚 泽澤 洁潔 浅淺 浇澆 测測 济濟 浑渾 浒滸 浓濃 涛濤 涟漣 润潤 涧澗
渊淵 渔漁 温溫 湿濕 滨濱 滩灘 灯燈 炉爐 炼煉 烟煙 热熱 爱愛 牵牽 状狀 狮獅 独獨 环環 现現 玛瑪 珑瓏 琼瓊 瓯甌 画畫 畅暢 疗療 盐鹽 监監 盖蓋 盘盤 矿礦 码碼 砖磚 础礎 硕碩 礼禮 离離
种種 积積 稳穩 穷窮 竞競 笔筆 筑築 篮籃 粮糧 红紅 级級 纪紀 纬緯 纯純 纲綱 纳納 纵縱 纺紡 线線 练練 绍紹 经經 结結 绕繞 绘繪 络絡 绣繡 统統 绥綏 维維 绵綿 绿綠 编編 缘緣 罗羅 网網
罚罰 联聯 职職 肃肅 胜勝 胶膠 脉脈 脚腳 舰艦 艺藝 节節 芦蘆 苍蒼 苏蘇 苹蘋 范範 茎莖 茧繭 荐薦 药藥 荣榮 莱萊 莲蓮 获獲 莹瑩 萝蘿 营營 萧蕭 蓝藍 蒋蔣 蔷薔 虚虛 虾蝦 蚁蟻 蚕蠶 补補
装裝 见見 观觀 规規 览覽 觉覺 计計 认認 议議 记記 许許 论論 设設 访訪 证證 识識 诗詩 诚誠 语語 读讀 调調 谊誼 谐諧 谢謝 谭譚 贝貝 财財 贤賢 质質 贯貫 贵貴 贸貿 贺賀 资資 赖賴 赛賽
赞贊 赣贛 赵趙 跃躍 践踐 车車 轩軒 转轉 轮輪 软軟 轴軸 辉輝 输輸 辽遼 达達 过過 迈邁 运運 还還 进進 远遠 连連 迟遲 适適 选選 递遞 逻邏 遗遺 邓鄧 邮郵 郑鄭 鉴鑒 针針 钓釣 钟鐘 钢鋼
钱錢 铁鐵 铃鈴 铜銅 铭銘 银銀 锋鋒 锅鍋 锐銳 锡錫 锦錦 镜鏡 闸閘 闽閩 阁閣 阅閱 队隊 阶階 际際 险險 随隨 隐隱 难難 雏雛 霁霽 须須 领領 频頻 题題 颜顏 风風 飞飛 饭飯 饮飲 骆駱 骏駿
鲁魯 鲜鮮 鹏鵬 鹰鷹 麦麥 黉黌 龄齡 沈瀋 浏瀏 涂塗 洼窪 杰傑 庐廬 嵝嶁 巩鞏 邹鄒
`

// reverse is the traditional character of each simplified one in pairs.
var reverse = sync.OnceValue(func() map[rune]rune {
	of := map[rune]rune{}
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
