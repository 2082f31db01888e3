package delimited

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

// Records splits CSV text. For a record with wrong quotes it gives the line instead of fields.
func Records(text string) (all [][]string, wrong []string) {
	r := newRecords(strings.NewReader(text))
	for {
		err := r.next()
		quote := (*quoteError)(nil)
		switch {
		case errors.Is(err, io.EOF):
			return all, wrong
		case errors.As(err, &quote):
			all, wrong = append(all, nil), append(wrong, strconv.Itoa(r.at))
		case err != nil:
			return all, append(wrong, err.Error())
		default:
			record := make([]string, len(r.spans))
			for i := range record {
				record[i] = string(r.field(i))
			}
			all, wrong = append(all, record), append(wrong, "")
		}
	}
}
