package column_test

import (
	"fmt"
	"testing"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index/column"
)

// TestGather reads columns of text and of numbers as [column.Values.Own] does, row by row.
func TestGather(t *testing.T) {
	var text, number column.Values
	const rows = 2*column.ChunkRows + 7
	text.Define(&data.Attribute{Name: "a", Type: data.Text}, 1, rows)
	number.Define(&data.Attribute{Name: "b", Type: data.Int}, 1, rows)
	for i := range uint32(rows) {
		if i%5 == 0 {
			continue
		}
		text.Put(1, i, data.TextValue(data.Text, fmt.Sprint(i%13)))
		number.Put(1, i, data.IntValue(int64(i)-50))
	}
	var ask []uint32
	for i := uint32(0); i < rows+20; i += 3 {
		ask = append(ask, rows+20-i, i)
	}
	handles := column.Handles(&text, ask, nil)
	words, set := column.Words(&number, ask, nil, nil)
	for i, row := range ask {
		if got, want := text.TextOf(handles[i]), text.Own(row); got != want.Text() || (handles[i] == 0) != want.Null() {
			t.Fatalf("row %d: handle %d, %q, want %v", row, handles[i], got, want)
		}
		if got, want := number.Own(row), data.WordValue(data.Int, words[i]); set[i] == got.Null() || set[i] && got != want {
			t.Fatalf("row %d: %v, %v, want %v", row, words[i], set[i], got)
		}
	}
	if text.Texts() != 13 || text.Unique() || text.Type() != data.Text || !text.Fallback().Null() {
		t.Errorf("%d texts, unique %v, type %s", text.Texts(), text.Unique(), text.Type())
	}
}
