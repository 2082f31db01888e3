package media

import (
	"bytes"
	"encoding/binary"
)

// cutOff is the refusal of a sound of which a part is missing.
func cutOff() error { return refuse(Broken, "the sound is cut off or broken: send it again") }

// rewriteWAV keeps the format and the samples, and drops every other chunk of a RIFF file.
func rewriteWAV(b []byte) ([]byte, error) {
	var format, samples []byte
	for at := 12; at+8 <= len(b); {
		name, size := string(b[at:at+4]), uint64(binary.LittleEndian.Uint32(b[at+4:]))
		rest := b[at+8:]
		if size > uint64(len(rest)) {
			if samples != nil {
				break // something behind the end
			}
			if name != "data" {
				return nil, cutOff()
			}
			size = uint64(len(rest)) // recorders that were switched off never wrote the size
		}
		content := rest[:size]
		switch {
		case name == "fmt " && format == nil:
			format = content
		case name == "data" && samples == nil:
			samples = content
		}
		at += 8 + int(size) + int(size&1)
	}
	if len(format) < 16 || len(samples) == 0 {
		return nil, cutOff()
	}
	// Samples as numbers, and the older codecs of telephones; what is beyond the sixteen bytes of those has no use.
	switch tag := binary.LittleEndian.Uint16(format); {
	case tag == 1 || tag == 3 || tag == 6 || tag == 7:
		format = format[:16]
	case tag == 0xfffe && len(format) >= 40:
		format = format[:40]
	default:
		return nil, refuse(Unwanted, "the WAV holds sound in the coding %d; taken are samples as they are (PCM, A-law, μ-law)", tag)
	}
	out := make([]byte, 0, 28+len(format)+len(samples)+1)
	out = append(out, "RIFF"...)
	padded := len(samples) + len(samples)&1
	out = binary.LittleEndian.AppendUint32(out, uint32(20+len(format)+padded))
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(format)))
	out = append(out, format...)
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(samples)))
	out = append(out, samples...)
	return append(out, make([]byte, padded-len(samples))...), nil
}

// The beginnings of AMR files (RFC 4867, section 5).
const (
	amrNarrow = "#!AMR\n"
	amrWide   = "#!AMR-WB\n"
)

// Bytes of the frames of AMR by type, the byte that says the type counted; 0 is none.
var (
	narrowFrames = [16]int{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1}
	wideFrames   = [16]int{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1}
)

// rewriteAMR keeps the frames.
func rewriteAMR(b []byte) ([]byte, error) {
	magic, sizes := amrNarrow, &narrowFrames
	if bytes.HasPrefix(b, []byte(amrWide)) {
		magic, sizes = amrWide, &wideFrames
	}
	return frames(b[:len(magic)], b[len(magic):], func(b []byte) int {
		if b[0]&0x83 != 0 {
			return 0
		}
		return sizes[b[0]>>3&15]
	})
}

// fewest is how many frames make a sound: bytes that look like one or two happen.
const fewest = 3

// frames keeps the frames that follow each other after a beginning; what comes after the last is dropped. length is that of
// the frame at the start of some bytes, 0 if there is none.
func frames(begin, b []byte, length func([]byte) int) ([]byte, error) {
	at, n := 0, 0
	for at < len(b) {
		size := length(b[at:])
		if size <= 0 || size > len(b)-at {
			break
		}
		at, n = at+size, n+1
	}
	if n < fewest {
		return nil, cutOff()
	}
	return append(append(make([]byte, 0, len(begin)+at), begin...), b[:at]...), nil
}

// id3Length is how many bytes of notes (ID3v2) a file begins with.
func id3Length(b []byte) int {
	if len(b) < 10 || string(b[:3]) != "ID3" {
		return 0
	}
	size := 10 + int(b[6]&127)<<21 + int(b[7]&127)<<14 + int(b[8]&127)<<7 + int(b[9]&127)
	if b[5]&0x10 != 0 {
		size += 10
	}
	return min(size, len(b))
}

// isMPEG tells the first frame of MPEG audio or of AAC.
func isMPEG(b []byte) bool { return isADTS(b) || mpegFrame(b) > 0 }

// isADTS tells a frame of AAC.
func isADTS(b []byte) bool { return len(b) >= 7 && b[0] == 0xff && b[1]&0xf6 == 0xf0 }

// rewriteADTS keeps the frames of AAC.
func rewriteADTS(b []byte) ([]byte, error) {
	return frames(nil, b[id3Length(b):], func(b []byte) int {
		if !isADTS(b) {
			return 0
		}
		size := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5])>>5
		if size < 7 {
			return 0
		}
		return size
	})
}

// rewriteMP3 keeps the frames of MPEG audio. The first may name the program that made it.
func rewriteMP3(b []byte) ([]byte, error) { return frames(nil, b[id3Length(b):], mpegFrame) }

// Kilobits in a second of layer III by version (1, then 2 and 2.5), and samples in a second.
var (
	rates1  = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	rates2  = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	samples = [4][3]int{0: {11025, 12000, 8000}, 2: {22050, 24000, 16000}, 3: {44100, 48000, 32000}}
)

// mpegFrame is the length of the frame of layer III that b begins with, 0 if there is none.
func mpegFrame(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe6 != 0xe2 {
		return 0
	}
	version, rate, frequency := b[1]>>3&3, b[2]>>4, b[2]>>2&3
	if version == 1 || frequency == 3 {
		return 0
	}
	padding := int(b[2] >> 1 & 1)
	if version == 3 {
		if rates1[rate] == 0 {
			return 0
		}
		return 144_000*rates1[rate]/samples[3][frequency] + padding
	}
	if rates2[rate] == 0 {
		return 0
	}
	return 72_000*rates2[rate]/samples[version][frequency] + padding
}
