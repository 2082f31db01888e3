package noise

import (
	"math/rand/v2"
	"strings"
)

// The words of callers around a place, which stands at *.
const (
	talkTraditional = `
你好，我要反映一下，*這邊的路燈已經壞了三天了，晚上很暗，麻煩派人來看
您好，*門口有人亂丟垃圾，味道很重，請環保局處理
喂，請問是市民熱線嗎？我人在*，前面的人行道磚都翹起來了，老人家差點跌倒
我要檢舉違停，地點在*，一整排機車停在紅線上
*旁邊的水溝蓋破掉了
在*那邊有一棵樹倒了，擋到車道
想請教一下，*前面的工地晚上十一點還在施工，可以請警察來嗎
剛剛經過*，看到路面有一個大坑洞
那個，就是*啦，樓上一直滴水下來，講了好幾次都沒有人理
報案地點：*，內容：流浪狗追人
您好 位置是 * 附近住戶噪音 謝謝
麻煩幫忙查一下*屬於哪一個里
地址在*，紅綠燈時間太短了，小朋友過不了馬路
*的公車站牌被撞歪了，請盡快修復
請派員至*清運大型廢棄物
`
	talkSimplified = `
你好，我想反映一下，*这边的路灯坏了好几天了，晚上黑漆漆的，麻烦派人来看看
您好，*门口垃圾堆了一地没人管，味道特别大
喂，是市民热线吗？我现在在*，人行道的地砖都松了，老人差点摔倒
我要举报违章停车，地点是*，消防通道都堵住了
*旁边的井盖坏了，很危险
在*那里有棵树倒了，把路挡住了
请问一下，*前面的工地晚上还在施工，能不能管管
刚才路过*，看见路面塌了一个坑
就是那个*嘛，楼上一直漏水，找了物业好几次都不理
事发地点：*，内容：流浪狗追人
您好 位置 * 附近商户噪音扰民 谢谢
麻烦帮我查一下*归哪个社区管
地址在*，红绿灯时间太短，孩子过不了马路
*的公交站牌被撞歪了，请尽快修好
请派人到*清理建筑垃圾
`
	talkLatin = `
Hi, I'd like to report a pothole at *, it's getting worse every day
hello there is trash all over the sidewalk in front of *
The street light outside * has been out for three nights
Someone parked across the hydrant at *, can you send an officer?
Calling about a fallen tree near *, it blocks the bike lane
Graffiti on the wall at *. Please remove it.
I live around the corner from * and the noise from the construction is unbearable
Location: * - missed recycling pickup
Can somebody check the catch basin at *? It floods when it rains
good morning, the sidewalk at * has not been shoveled
There's a dead raccoon by * thanks
Traffic signal stuck on red at * for ten minutes now
`
)

// talk puts words around the text, in its script.
func (s *source) talk(r *rand.Rand) (string, bool) {
	if len(s.parts) == 0 {
		return "", false
	}
	if s.writes(r) == simplified {
		return around(talkSimplified, s.runes, r)
	}
	return around(talkTraditional, s.runes, r)
}

func around(talk string, text []rune, r *rand.Rand) (string, bool) {
	lines := strings.Split(strings.TrimSpace(talk), "\n")
	before, behind, _ := strings.Cut(lines[r.IntN(len(lines))], "*")
	return before + string(text) + behind, true
}
