package media

import "encoding/binary"

// The boxes (ISO/IEC 14496-12) that hold others, and those at the top that are needed to play a sound. All other boxes at the
// top, and notes inside, are emptied in their place: offsets to the samples stay what they are.
var (
	mp4Folders = map[string]bool{"moov": true, "trak": true, "mdia": true, "minf": true, "stbl": true, "moof": true, "traf": true, "mvex": true, "edts": true, "dinf": true}
	mp4Top     = map[string]bool{"ftyp": true, "moov": true, "mdat": true, "moof": true, "sidx": true}
	mp4Notes   = map[string]bool{"udta": true, "meta": true, "uuid": true, "free": true, "skip": true, "wide": true}
)

// mp4 is a file being emptied of notes.
type mp4 struct {
	sound, picture bool
	samples        bool
}

// rewriteMP4 empties what is no sound. What an encoder hid among the samples stays.
func rewriteMP4(b []byte) ([]byte, error) {
	out := append([]byte(nil), b...)
	m := &mp4{}
	used, err := m.boxes(out, 0)
	switch {
	case err != nil:
		return nil, err
	case m.picture:
		return nil, refuse(Unwanted, "this is a film; %s", accepted)
	case !m.sound || !m.samples:
		return nil, cutOff()
	}
	return out[:used], nil
}

// deepest bounds how far boxes hold boxes.
const deepest = 8

// boxes walks over the boxes that b consists of, and returns where the last one ends. At the top something that is no box may
// follow; it is cut off.
func (m *mp4) boxes(b []byte, depth int) (int, error) {
	if depth > deepest {
		return 0, cutOff()
	}
	at := 0
	for at < len(b) {
		head, size, ok := mp4Box(b[at:])
		if !ok {
			if depth == 0 && m.samples {
				return at, nil
			}
			return 0, cutOff()
		}
		box := b[at : at+size]
		name, content := string(box[4:8]), box[head:]
		switch {
		case depth == 0 && !mp4Top[name], mp4Notes[name]:
			copy(box[4:], "free")
			clear(content)
		case mp4Folders[name]:
			if _, err := m.boxes(content, depth+1); err != nil {
				return 0, err
			}
		case name == "mdat":
			m.samples = m.samples || len(content) > 0
		case name == "hdlr" && len(content) >= 12:
			m.sound = m.sound || string(content[8:12]) == "soun"
			m.picture = m.picture || string(content[8:12]) == "vide"
			if len(content) > 24 {
				clear(content[24:]) // a name
			}
		case name == "mvhd" || name == "tkhd" || name == "mdhd":
			times := 8
			if len(content) > 0 && content[0] == 1 {
				times = 16
			}
			if len(content) >= 4+times {
				clear(content[4 : 4+times]) // when it was made and changed
			}
		}
		at += size
	}
	return at, nil
}

// mp4Box is the length of the head of the box that b begins with, and that of the box.
func mp4Box(b []byte) (head, size int, ok bool) {
	if len(b) < 8 {
		return 0, 0, false
	}
	for _, c := range b[4:8] {
		if c < 0x20 || c > 0x7e && c != 0xa9 {
			return 0, 0, false
		}
	}
	head = 8
	length := uint64(binary.BigEndian.Uint32(b))
	switch {
	case length == 1 && len(b) >= 16:
		head, length = 16, binary.BigEndian.Uint64(b[8:])
	case length == 0:
		length = uint64(len(b))
	}
	if length < uint64(head) || length > uint64(len(b)) {
		return 0, 0, false
	}
	return head, int(length), true
}
