package synth

import "strings"

// Names are made of pairs of auspicious characters, as those of many old lanes are, and never of a person's name. The
// two lists share no character, so no pair is a character twice, and a name is taken apart in one way only.
var (
	firsts  = []rune("安平和顺永定福寿吉祥仁义礼智信德崇文广宁长春景泰兴隆宝育惠新光朝金玉银翠青松柏竹梅兰菊桂柳槐杏桃莲荷清云霞晨曦")
	seconds = []rune("康昌盛利庆丰裕禄喜乐善良贤辉荣茂林园泉溪河湖桥井门楼亭台阁塔坊市仓库马石山岭坡岗沙滩湾口头尾阳华胜成化建民众")
)

// affixes come before or after a pair where pairs alone do not suffice.
var (
	directions = []string{"", "东", "西", "南", "北", "前", "后", "中", "大", "小", "上", "下"}
	ordinals   = []string{"头", "二", "三", "四", "五", "六", "七", "八", "九", "十"}
)

// namer gives each number a name of its own: the name is read off the digits of the number, after a permutation, so
// that neighbours do not sound alike.
type namer struct {
	before, pairs, after []string
	step, shift          int64
}

// newNamer makes names of a word before, a pair and a word after. An empty list of words is left out.
func newNamer(r roll, before, after []string) *namer {
	n := &namer{before: before, after: after, pairs: make([]string, 0, len(firsts)*len(seconds))}
	for _, a := range firsts {
		for _, b := range seconds {
			n.pairs = append(n.pairs, string([]rune{a, b}))
		}
	}
	size := n.size()
	for n.step = r.with(0).below(size) | 1; gcd(n.step, size) != 1; {
		n.step += 2
	}
	n.shift = r.with(1).below(size)
	return n
}

func (n *namer) size() int64 {
	return int64(max(1, len(n.before)) * len(n.pairs) * max(1, len(n.after)))
}

// name is the name of number i. Different numbers have different names; beyond the words there are, names grow by the
// word new.
func (n *namer) name(i int64) string {
	size := n.size()
	again := i / size
	k := (i%size*n.step + n.shift) % size
	var b strings.Builder
	for range again {
		b.WriteString("新")
	}
	b.WriteString(pick(n.before, &k))
	b.WriteString(pick(n.pairs, &k))
	b.WriteString(pick(n.after, &k))
	return b.String()
}

func pick(words []string, k *int64) string {
	if len(words) == 0 {
		return ""
	}
	w := words[*k%int64(len(words))]
	*k /= int64(len(words))
	return w
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// names of everything that has one.
type names struct {
	district, street, community, estate *namer
	road                                [classes]*namer
}

func newNames(r roll) *names {
	words := func(w ...string) []string { return w }
	n := &names{
		district:  newNamer(r.with(1), nil, words("区")),
		street:    newNamer(r.with(2), nil, words("街道")),
		community: newNamer(r.with(3), words("", "东", "西", "南", "北"), words("社区")),
		estate:    newNamer(r.with(4), directions, words("里", "园", "苑", "小区", "家园", "院")),
	}
	var alleys []string
	for _, o := range ordinals {
		alleys = append(alleys, o+"条", o+"巷")
	}
	n.road[mainRoad] = newNamer(r.with(5), nil, words("大街", "大道"))
	n.road[street] = newNamer(r.with(6), words("", "东", "西", "南", "北"), words("街", "路"))
	n.road[lane] = newNamer(r.with(7), directions, words("胡同", "里"))
	n.road[alley] = newNamer(r.with(8), directions, alleys)
	return n
}
