package normal

// most is the longest numeral: no house has a number of more than five digits, 一万二千三百四十五.
const most = 9

// Numeral is what a Chinese numeral says, in words (三百二十八, 十二, 廿三, 一百零五, 一百二 is not one) or digit by digit
// (一五八, 二〇三), up to 99,999; it is not ok where the characters are none.
func Numeral(numeral []rune) (n int, ok bool) {
	if len(numeral) == 0 || len(numeral) > most {
		return 0, false
	}
	if len(numeral) == 1 && numeral[0] == '陆' {
		return 0, false // 大陆号
	}
	words := len(numeral) == 1
	for _, r := range numeral {
		words = words || digitOf(r) < 0
	}
	if words {
		return inWords(numeral)
	}
	if len(numeral) > 5 || digitOf(numeral[0]) == 0 {
		return 0, false
	}
	for _, r := range numeral {
		n = n*10 + digitOf(r)
	}
	return n, true
}

// inWords reads units that descend, each with its digit; zeros stand where units are left out.
func inWords(numeral []rune) (n int, ok bool) {
	const none = -1
	digit, last, zero := none, 100_000, false
	for i, r := range numeral {
		if d := digitOf(r); d >= 0 {
			if digit > 0 || d == 0 && (i == 0 || zero || last <= 10) {
				return 0, false
			}
			digit = d
			if d == 0 {
				zero, digit = true, none
			}
			continue
		}
		unit, times := unitOf(r)
		if unit == 0 || unit >= last {
			return 0, false
		}
		switch {
		case times > 0: // 廿 holds its digit
			if digit != none {
				return 0, false
			}
		case digit > 0:
			times = digit
		case unit == 10 && i == 0: // 十二
			times = 1
		default:
			return 0, false
		}
		n += times * unit
		digit, last, zero = none, unit, false
	}
	if digit == none {
		return n, n > 0 && !zero
	}
	// 一百五 may be 150 or a slip for 105.
	if last > 10 && last < 100_000 && !zero {
		return 0, false
	}
	return n + digit, n+digit > 0
}

// digitOf is the digit of a character, −1 if it is none. Characters are simplified.
func digitOf(r rune) int {
	switch r {
	case '〇', '零':
		return 0
	case '一', '壹':
		return 1
	case '二', '贰', '两':
		return 2
	case '三', '叁':
		return 3
	case '四', '肆':
		return 4
	case '五', '伍':
		return 5
	case '六', '陆':
		return 6
	case '七', '柒':
		return 7
	case '八', '捌':
		return 8
	case '九', '玖':
		return 9
	}
	return -1
}

// mixed reports whether the first of two digits is one of documents (陆) and the second one of every day (二): they make
// no numeral together.
func mixed(first, second rune) bool {
	return isFormal(first) && digitOf(second) > 0 && !isFormal(second)
}

func isFormal(r rune) bool {
	switch r {
	case '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖':
		return true
	}
	return false
}

// unitOf is the power of ten of a character, and how many of it the character says by itself, if any.
func unitOf(r rune) (unit, times int) {
	switch r {
	case '十', '拾':
		return 10, 0
	case '廿':
		return 10, 2
	case '卅':
		return 10, 3
	case '卌':
		return 10, 4
	case '百', '佰':
		return 100, 0
	case '千', '仟':
		return 1000, 0
	case '万':
		return 10_000, 0
	}
	return 0, 0
}

func isNumeral(r rune) bool {
	unit, _ := unitOf(r)
	return unit > 0 || digitOf(r) >= 0
}

// counted are the characters before which a numeral counts: parts of an address, and measures of length. 里, 路, 区, 门,
// 条 and others are not among them, because names end so: 三里屯, 五一路, 三门, 东四十条.
func counted(text []rune) bool {
	switch text[0] {
	case '号', '弄', '巷', '栋', '幢', '单', '室', '层', '楼', '组', '邻', '段', '米':
		return text[0] != '单' || len(text) > 1 && text[1] == '元'
	case '公':
		return len(text) > 1 && (text[1] == '里' || text[1] == '尺' || text[1] == '分')
	}
	return false
}

// about reports whether a numeral before a measure says about how much: 三四米 is no 34 米, 几十米 no 10 米.
func about(before, numeral, behind []rune) bool {
	const two = 2
	if n := len(before); n > 0 && (before[n-1] == '几' || before[n-1] == '数') {
		return true
	}
	if len(numeral) != two || len(behind) == 0 || behind[0] != '米' && behind[0] != '公' {
		return false
	}
	a, b := digitOf(numeral[0]), digitOf(numeral[1])
	return a > 0 && (b == a+1 || a == 3 && b == 5)
}

// housed reports whether a numeral of more than one character is the number of a house although no unit stands behind it:
// it ends what is said of a road (塔悠路三二八), or words of relation follow. 五一路 and 三环路 go on.
func housed(before []rune, length int, behind []rune) bool {
	const least = 2
	if length < least || len(before) < least {
		return false
	}
	switch before[len(before)-1] {
	case '路', '街', '段', '巷', '弄':
	case '道':
		if before[len(before)-2] != '大' {
			return false
		}
	default:
		return false
	}
	if len(behind) == 0 {
		return true
	}
	switch behind[0] {
	case ' ', ',', '(', ')', '前', '旁', '附', '对', '往', '向':
		return true
	}
	return false
}
