package answer

import (
	"strconv"

	"github.com/gewu-city/gewu/data/convert/jsontext"
	"github.com/gewu-city/gewu/geocode"
)

// AppendFaults appends what had to be forgiven of a text.
func AppendFaults(dst []byte, faults []geocode.Fault) []byte {
	return appendList(dst, faults, func(dst []byte, f *geocode.Fault) []byte {
		dst = jsontext.AppendString(append(dst, `{"element":`...), f.Element)
		dst = jsontext.AppendString(append(dst, `,"kind":`...), string(f.Kind))
		dst = appendOptional(dst, `,"text":`, f.Text)
		dst = appendOptional(dst, `,"meant":`, f.Meant)
		return append(strconv.AppendInt(append(dst, `,"points":`...), int64(f.Points), 10), '}')
	})
}
