package media

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// exif is what is of use in the notes of a camera (CIPA DC-008, "Exif 3.0"): TIFF directories of entries of twelve bytes.
type exif struct {
	// orientation is 1 to 8; 0 says nothing.
	orientation int
	Origin
}

// Tags of the entries.
const (
	tagOrientation = 0x0112
	tagExif        = 0x8769
	tagGPS         = 0x8825
	tagTaken       = 0x9003
	tagTakenOffset = 0x9011

	tagLatRef, tagLat    = 1, 2
	tagLonRef, tagLon    = 3, 4
	tagGPSTime           = 7
	tagGPSDate           = 0x1d
	tagGPSError          = 0x1f
	kindShort, kindASCII = 3, 2
	kindLong, kindRatio  = 4, 5
)

// entries bounds a directory: those of cameras have some fifty.
const entries = 512

// tiff is a file of directories. All offsets in it are words of a stranger.
type tiff struct {
	b     []byte
	order binary.ByteOrder
}

// field is one entry: its kind, how many values it has, and their bytes.
type field struct {
	kind  uint16
	count uint32
	bytes []byte
}

// readExif reads what it understands; what is wrong is as if it were not there.
func readExif(b []byte, zone *time.Location) (e exif) {
	if len(b) < 8 {
		return e
	}
	t := tiff{b: b}
	switch string(b[:4]) {
	case "II*\x00":
		t.order = binary.LittleEndian
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return e
	}
	main := t.directory(t.order.Uint32(b[4:]))
	if o := t.whole(main[tagOrientation]); o >= 1 && o <= 8 {
		e.orientation = int(o)
	}
	camera, place := t.directory(t.whole(main[tagExif])), t.directory(t.whole(main[tagGPS]))
	e.Taken = t.taken(camera, place, zone)
	e.Point = t.point(place)
	return e
}

// directory reads a directory at an offset; none at 0 or outside.
func (t *tiff) directory(offset uint32) map[uint16]field {
	at := uint64(offset)
	if at < 8 || at+2 > uint64(len(t.b)) {
		return nil
	}
	n := int(t.order.Uint16(t.b[at:]))
	found := make(map[uint16]field, min(n, entries))
	for i := range min(n, entries) {
		start := at + 2 + 12*uint64(i)
		if start+12 > uint64(len(t.b)) {
			break
		}
		e := t.b[start : start+12]
		f := field{kind: t.order.Uint16(e[2:]), count: t.order.Uint32(e[4:])}
		size := uint64(f.count)
		switch f.kind {
		case kindASCII:
		case kindShort:
			size *= 2
		case kindLong:
			size *= 4
		case kindRatio:
			size *= 8
		default:
			continue
		}
		if f.bytes = e[8:]; size > 4 {
			from := uint64(t.order.Uint32(e[8:]))
			if from+size > uint64(len(t.b)) {
				continue
			}
			f.bytes = t.b[from : from+size]
		} else {
			f.bytes = f.bytes[:size]
		}
		found[t.order.Uint16(e)] = f
	}
	return found
}

// whole is the first whole number of an entry, 0 without one.
func (t *tiff) whole(f field) uint32 {
	switch {
	case f.kind == kindShort && len(f.bytes) >= 2:
		return uint32(t.order.Uint16(f.bytes))
	case f.kind == kindLong && len(f.bytes) >= 4:
		return t.order.Uint32(f.bytes)
	}
	return 0
}

func (f field) text() string {
	if f.kind != kindASCII {
		return ""
	}
	text, _, _ := strings.Cut(string(f.bytes), "\x00")
	return strings.TrimSpace(text)
}

// ratios are the fractions of an entry; not a number where the divisor is 0.
func (t *tiff) ratios(f field, want int) []float64 {
	if f.kind != kindRatio || len(f.bytes) < 8*want {
		return nil
	}
	list := make([]float64, want)
	for i := range list {
		above, below := t.order.Uint32(f.bytes[8*i:]), t.order.Uint32(f.bytes[8*i+4:])
		if list[i] = math.NaN(); below != 0 {
			list[i] = float64(above) / float64(below)
		}
	}
	return list
}

// oldest is before the first camera that wrote such notes: earlier dates are clocks that were never set.
const oldest = 1996

// taken is when the picture was taken: by the clock of the camera, or else by that of the satellites.
func (t *tiff) taken(camera, place map[uint16]field, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	clock, offset := camera[tagTaken].text(), camera[tagTakenOffset].text()
	at, err := time.Parse("2006:01:02 15:04:05-07:00", clock+offset)
	if err != nil {
		at, err = time.ParseInLocation("2006:01:02 15:04:05", clock, zone)
	}
	if err == nil && at.Year() >= oldest {
		return at
	}
	day, err := time.Parse("2006:01:02", place[tagGPSDate].text())
	hms := t.ratios(place[tagGPSTime], 3)
	if err != nil || hms == nil || day.Year() < oldest || !(hms[0] < 24 && hms[1] < 60 && hms[2] < 61) {
		return time.Time{}
	}
	return day.Add(time.Duration((hms[0]*3600 + hms[1]*60 + hms[2]) * float64(time.Second))).Truncate(time.Second)
}

// point is where the picture was taken. A place of exactly 0, 0 is a receiver that had none.
func (t *tiff) point(place map[uint16]field) *Point {
	degrees := func(tag uint16, ref uint16, most float64, minus string) (float64, bool) {
		parts, side := t.ratios(place[tag], 3), place[ref].text()
		if parts == nil || side == "" || !(parts[1] < 60 && parts[2] < 60) {
			return 0, false
		}
		sum := parts[0] + parts[1]/60 + parts[2]/3600
		if strings.EqualFold(side, minus) {
			sum = -sum
		}
		return math.Round(sum*1e7) / 1e7, math.Abs(sum) <= most
	}
	lat, ok := degrees(tagLat, tagLatRef, 90, "S")
	lon, also := degrees(tagLon, tagLonRef, 180, "W")
	if !ok || !also || lat == 0 && lon == 0 {
		return nil
	}
	p := &Point{Lon: lon, Lat: lat}
	if wide := t.ratios(place[tagGPSError], 1); wide != nil && wide[0] > 0 && wide[0] < 1e6 {
		p.Accuracy = wide[0]
	}
	return p
}
