package places_test

import (
	"testing"

	"github.com/gewu-city/gewu/geocode/places"
)

func TestPlaces(t *testing.T) {
	for _, name := range []string{"高雄市", "前镇区", "新北市", "板桥区", "台湾省", "上海市", "西城区", "昆山市", "双江拉祜族佤族布朗族傣族自治县"} {
		if !places.Known(name) {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range []string{"", "和平东路", "工业园", "市辖区", "上海"} {
		if places.Known(name) {
			t.Errorf("%s is known", name)
		}
	}
	for _, test := range []struct {
		name, other string
		holds       bool
	}{
		{"高雄市", "前镇区", true},
		{"台湾省", "前镇区", true},
		{"台北市", "前镇区", false},
		{"北京市", "西城区", true},
		{"江苏省", "昆山市", true},
		{"苏州市", "昆山市", true},
		{"昆山市", "苏州市", false},
		{"广西壮族自治区", "南宁市", true},
		{"鼓楼区", "鼓楼区", false},
		{"南京市", "鼓楼区", true}, // of several
		{"福州市", "鼓楼区", true},
	} {
		if got := places.Holds(test.name, test.other); got != test.holds {
			t.Errorf("%s holds %s: %v, want %v", test.name, test.other, got, test.holds)
		}
	}
}
