package aside_test

import (
	"testing"

	"github.com/gewu-city/gewu/geocode/aside"
)

func TestOf(t *testing.T) {
	for _, test := range []struct {
		left, right string
		want        aside.About
		happens     int
	}{
		{"来电人住", "", aside.Else, 0},
		{"有车挡住", "", aside.Nothing, 0},
		{"家住某处,反映", "", aside.Nothing, 0},
		{"家住某处反映", "", aside.Nothing, 0},
		{"请转", "公所", aside.Else, 0},
		{"", "的居民", aside.Residents, 0},
		{"地点是", "", aside.Nothing, 1},
		{"", "发生车祸", aside.Nothing, 2},
		{"联络地址,", "", aside.Else, 0},
	} {
		left := aside.Label(test.left)
		if got, sure := aside.Of(left, test.right), aside.Happens(left, test.right); got != test.want || sure != test.happens {
			t.Errorf("%s _ %s: %v and %d, want %v and %d", test.left, test.right, got, sure, test.want, test.happens)
		}
	}
}
