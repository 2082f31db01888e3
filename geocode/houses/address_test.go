package houses_test

import (
	"testing"

	"github.com/gewu-city/gewu/geocode/houses"
	"github.com/gewu-city/gewu/geocode/normal"
	"github.com/gewu-city/gewu/geocode/number"
)

func TestAddressOf(t *testing.T) {
	plain := func(base uint32) number.Number { return number.Number{Base: base} }
	for text, want := range map[string]houses.Address{
		"2段76巷19号":   {Section: plain(2), Lane: plain(76), House: plain(19)},
		"66号院5号楼3单元": {House: plain(66), Yard: true, Building: plain(5)},
		"18号3号楼":     {House: plain(18), Building: plain(3)},
		"5号楼":        {House: plain(5)},
		"12":         {House: plain(12), Bare: true},
		"7巷":         {Lane: plain(7)},
	} {
		elements, _ := number.Parse(normal.Of(text).Runes, nil)
		if got := houses.AddressOf(elements); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
