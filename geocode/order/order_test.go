package order_test

import (
	"testing"

	"github.com/gewu-city/gewu/geocode/order"
)

func TestSection(t *testing.T) {
	for text, want := range map[string]string{
		"和平东二路段106号": "和平东路2段106号",
		"和平东2路段106号": "和平东路2段106号",
		"和平东二段路106号": "和平东路2段106号",
		"和平东路段二106号": "和平东路2段106号",
		"中山三街段":      "中山街3段",
		"和平东路2段106号": "",
		"和平东路二段":     "",
		"和平东路12段路口":  "",
		"二路段":        "", // no name is before it
		"和平东路段":      "",
		"三段论":        "",
		"":           "",
	} {
		mended, at, ok := order.Section([]rune(text))
		if string(mended) != want || ok != (want != "") || ok && []rune(want)[at+2] != '段' {
			t.Errorf("%s: %s at %d, want %s", text, string(mended), at, want)
		}
	}
}
