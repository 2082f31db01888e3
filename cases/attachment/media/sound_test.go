package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases/attachment/media"
)

// speech is n bytes that stand for what was said.
func speech(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/256)
	}
	return b
}

func wav(format uint16, n int) []byte {
	head := binary.LittleEndian.AppendUint16(nil, format)
	head = binary.LittleEndian.AppendUint16(head, 1)
	head = binary.LittleEndian.AppendUint32(head, 16_000)
	head = binary.LittleEndian.AppendUint32(head, 32_000)
	head = binary.LittleEndian.AppendUint16(head, 2)
	head = binary.LittleEndian.AppendUint16(head, 16)
	return riff("WAVE", riffChunk("LIST", []byte("INFOIART"+secret)), riffChunk("fmt ", append(head, secret...)), riffChunk("bext", []byte(secret)), riffChunk("data", speech(n)), riffChunk("id3 ", []byte(secret)))
}

// oggPages writes pages as RFC 3533 says, with a checksum of its own making.
func oggPages(serial uint32, pages ...[]byte) []byte {
	var out []byte
	for i, body := range pages {
		flags := byte(0)
		switch i {
		case 0:
			flags = 2
		case len(pages) - 1:
			flags = 4
		}
		page := append([]byte("OggS\x00"), flags)
		page = binary.LittleEndian.AppendUint64(page, uint64(960*i))
		page = binary.LittleEndian.AppendUint32(page, serial)
		page = binary.LittleEndian.AppendUint32(page, uint32(i))
		page = append(page, 0, 0, 0, 0)
		var lengths []byte
		n := len(body)
		for ; n >= 255; n -= 255 {
			lengths = append(lengths, 255)
		}
		lengths = append(lengths, byte(n))
		page = append(append(append(page, byte(len(lengths))), lengths...), body...)
		binary.LittleEndian.PutUint32(page[22:], slowSum(page))
		out = append(out, page...)
	}
	return out
}

// slowSum is the checksum of Ogg bit by bit.
func slowSum(b []byte) (sum uint32) {
	for _, c := range b {
		for bit := 7; bit >= 0; bit-- {
			carry := sum >> 31
			sum <<= 1
			if carry != uint32(c>>bit&1) {
				sum ^= 0x04c11db7
			}
		}
	}
	return sum
}

func opusHead() []byte {
	return append([]byte("OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00"), 0, 0, 0)
}

func ogg(t testing.TB, pages int) []byte {
	t.Helper()
	tags := append([]byte("OpusTags"), 4, 0, 0, 0, 'm', 'i', 'n', 'e', 1, 0, 0, 0, byte(len(secret)), 0, 0, 0)
	all := [][]byte{opusHead(), append(append(tags, secret...), make([]byte, 700)...)}
	for i := range pages {
		all = append(all, speech(100+i))
	}
	return oggPages(0xdeadbeef, all...)
}

func box(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

// m4a is a sound whose samples come before its directory, as telephones write it.
func m4a() []byte {
	stamp := append([]byte{0, 0, 0, 0}, "\xe5\x01\x02\x03\xe5\x01\x02\x04rest"...)
	handler := append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00soun\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), secret...)
	return bytes.Join([][]byte{
		box("ftyp", []byte("M4A \x00\x00\x02\x00isom")), box("uuid", []byte(secret)), box("mdat", speech(500)),
		box("moov", box("mvhd", stamp), box("trak", box("tkhd", stamp), box("mdia", box("mdhd", stamp), box("hdlr", handler), box("minf", box("stbl", box("stco", make([]byte, 8)))))),
			box("udta", box("meta", []byte(secret)), box("\xa9xyz", []byte("+25.0375+121.5644/")))),
		box("free", []byte(secret)), []byte(secret),
	}, nil)
}

func amr(frames int) []byte {
	out := []byte("#!AMR\n")
	for i := range frames {
		out = append(append(out, 7<<3|4), speech(31 + i)[i:]...)
	}
	return append(out, 0xff)
}

func adts(frames int) []byte {
	var out []byte
	for range frames {
		out = append(append(out, 0xff, 0xf1, 0x50, 0x80, 0x0d, 0x7f, 0xfc), speech(100)...)
	}
	return out
}

func mp3(frames int) []byte {
	var out []byte
	for range frames {
		out = append(append(out, 0xff, 0xfb, 0x90, 0x00), bytes.Repeat([]byte{0x55}, 413)...)
	}
	return out
}

// id3 is notes in front of a sound.
func id3() []byte {
	body := "TIT2" + secret
	return append([]byte{'I', 'D', '3', 3, 0, 0, 0, 0, 0, byte(len(body))}, body...)
}

// TestSoundLosesAll plants words around sounds: none comes through, what was said does.
func TestSoundLosesAll(t *testing.T) {
	tag := append([]byte("TAG"), append([]byte(secret), make([]byte, 125-len(secret))...)...)
	for name, tc := range map[string]struct {
		content []byte
		kind    string
		said    []byte
	}{
		"wav":                  {wav(1, 600), media.WAV, speech(600)},
		"wav of odd length":    {append(wav(1, 601), secret...), media.WAV, speech(601)},
		"opus":                 {append(ogg(t, 4), secret...), media.Opus, speech(103)},
		"m4a":                  {m4a(), media.MP4, speech(500)},
		"amr":                  {append(amr(5), secret...), media.AMR, speech(31)},
		"aac":                  {append(adts(5), secret...), media.AAC, adts(5)},
		"aac with notes":       {append(id3(), adts(5)...), media.AAC, adts(5)},
		"mp3":                  {append(mp3(5), tag...), media.MP3, mp3(5)},
		"mp3 with notes":       {append(append(id3(), mp3(5)...), secret...), media.MP3, mp3(5)},
		"opus without its end": {append(ogg(t, 9)[:len(ogg(t, 9))-5], secret...), media.Opus, speech(105)},
	} {
		f := rewrite(t, tc.content)
		if f.Type != tc.kind || media.TypeOf(f.Bytes) != tc.kind || f.Thumb != nil {
			t.Errorf("%s: kept as %s", name, f.Type)
		}
		for _, words := range []string{secret, "mine", "+25.0375", "TIT2", "INFO", "\xe5\x01\x02"} {
			if bytes.Contains(f.Bytes, []byte(words)) {
				t.Errorf("%s: %q comes through", name, words)
			}
		}
		if !bytes.Contains(f.Bytes, tc.said) {
			t.Errorf("%s: what was said is gone", name)
		}
		if again := rewrite(t, f.Bytes); !bytes.Equal(again.Bytes, f.Bytes) {
			t.Errorf("%s: it changes when it is sent again", name)
		}
	}
}

// TestOggPages reads the pages that are kept: numbered from 0, of one stream, with the checksums of the standard.
func TestOggPages(t *testing.T) {
	kept := rewrite(t, ogg(t, 4)).Bytes
	for n := 0; len(kept) > 0; n++ {
		size := 27 + int(kept[26])
		for _, length := range kept[27:size] {
			size += int(length)
		}
		page := bytes.Clone(kept[:size])
		sum := binary.LittleEndian.Uint32(page[22:])
		clear(page[22:26])
		if got := binary.LittleEndian.Uint32(page[18:]); int(got) != n || slowSum(page) != sum || binary.LittleEndian.Uint32(page[14:]) != 0 {
			t.Errorf("page %d: number %d, checksum %08x, want %08x", n, got, sum, slowSum(page))
		}
		if n == 1 && !bytes.HasSuffix(page, []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00")) {
			t.Errorf("the comments are %q", page)
		}
		kept = kept[size:]
	}
}

// TestOffsetsStay: the samples of an M4A are where its directory says.
func TestOffsetsStay(t *testing.T) {
	content := m4a()
	if a, b := bytes.Index(content, speech(500)), bytes.Index(rewrite(t, content).Bytes, speech(500)); a != b {
		t.Errorf("the samples were at %d and are at %d", a, b)
	}
}

// TestRefusedSounds sends what is no sound, or none that is taken.
func TestRefusedSounds(t *testing.T) {
	film := bytes.Replace(m4a(), []byte("soun"), []byte("vide"), 1)
	for name, tc := range map[string]struct {
		content []byte
		why     media.Why
		words   string
	}{
		"film":                {film, media.Unwanted, "a film"},
		"ogg vorbis":          {oggPages(1, append([]byte("\x01vorbis"), make([]byte, 23)...), speech(9), speech(9)), media.Unwanted, "other than Opus"},
		"opus without pages":  {oggPages(1, opusHead()), media.Broken, "cut off"},
		"opus without sound":  {oggPages(1, opusHead(), []byte("OpusTags")), media.Broken, "cut off"},
		"wav without data":    {riff("WAVE", riffChunk("fmt ", make([]byte, 16))), media.Broken, "cut off"},
		"wav in a coding":     {wav(0x55, 600), media.Unwanted, "coding 85"},
		"amr without frames":  {[]byte("#!AMR\n"), media.Broken, "cut off"},
		"mp3 of two frames":   {mp3(2), media.Broken, "cut off"},
		"notes only":          {append(id3(), "more"...), media.Broken, "cut off"},
		"m4a without samples": {box("ftyp", []byte("M4A ")), media.Broken, "cut off"},
		"boxes in boxes":      {append(append(box("ftyp", []byte("M4A ")), box("mdat", speech(9))...), nest(40)...), media.Broken, "cut off"},
		"matroska":            {[]byte("\x1aE\xdf\xa3webm"), media.Unwanted, "WebM"},
		"too large":           {append(wav(1, 600), make([]byte, media.SoundBytes)...), media.Large, "at most 10 MiB"},
	} {
		_, err := media.Rewrite(tc.content, nil)
		if refusal, ok := errors.AsType[*media.RefusedError](err); !ok || refusal.Why != tc.why || !strings.Contains(refusal.Text, tc.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func nest(deep int) []byte {
	b := box("mdat", []byte("x"))
	for range deep {
		b = box("moov", b)
	}
	return b
}
