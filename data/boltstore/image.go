package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// image reads the pages of a bbolt file without bbolt. bbolt maps the file and believes what it finds there, so a
// damaged length makes it read outside, and a page that is both free and in use is overwritten by a later commit.
// The image checks every page before it follows it, and finds each flipped bit that matters: structure here, content
// by the hashes and checksums of what the pages hold. It reads with ReadAt only and works on a file in use while a
// read transaction pins the pages.
//
// The layout is that of bbolt 1.3 to 1.5 (format version 2), in the byte order of the machine that wrote it.
type image struct {
	r    io.ReaderAt
	size int64
	meta boltMeta
	used []uint64 // bitmap of the pages that were reached
	// spare are buffers of one page to use again.
	spare [][]byte
	// damage receives what is wrong; reading goes on behind it.
	damage func(where, what string)
}

const (
	pageHeader  = 16
	pageElement = 16
	metaBytes   = 64
	inlineRoot  = 16 // bytes of a bucket's own header

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	// mostDepth bounds the height of a tree; four pages of fan-out 100 hold more than a file can.
	mostDepth = 16
)

// boltMeta is one of the two headers of the file. The valid one with the higher transaction id counts.
type boltMeta struct {
	pageSize uint32
	root     uint64
	freelist uint64
	pages    uint64 // high-water mark: pages from here on were never used
	txid     uint64
}

var native = binary.NativeEndian

// readMeta reads header i; false when it is not valid.
func readMeta(r io.ReaderAt, i int64) (boltMeta, bool) {
	var b [metaBytes]byte
	if _, err := r.ReadAt(b[:], i*pageSize+pageHeader); err != nil {
		return boltMeta{}, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56]) // a hash does not fail
	m := boltMeta{
		pageSize: native.Uint32(b[8:]), root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]),
		pages: native.Uint64(b[40:]), txid: native.Uint64(b[48:]),
	}
	ok := native.Uint32(b[0:]) == boltMagic && native.Uint32(b[4:]) == boltVersion &&
		native.Uint64(b[56:]) == sum.Sum64() && m.pageSize == pageSize
	return m, ok
}

// newImage begins to read a file with the given header.
func newImage(r io.ReaderAt, size int64, meta boltMeta, damage func(where, what string)) *image {
	im := &image{r: r, size: size, meta: meta, damage: damage}
	if int64(meta.pages) > size/pageSize {
		damage("file", fmt.Sprintf("is cut off: it has %d pages of %d bytes and should have %d", size/pageSize, pageSize, meta.pages))
	}
	// A page takes at least its place in the file, so a damaged number cannot ask for more memory than that.
	im.used = make([]uint64, min(meta.pages, uint64(size/pageSize)+1)/64+1)
	im.use(0, 2)
	return im
}

// use marks pages as reached; false when one is out of range or was reached before.
func (im *image) use(id, n uint64) bool {
	if id >= im.meta.pages || n > im.meta.pages-id || int64(id+n) > im.size/pageSize {
		return false
	}
	for p := id; p < id+n; p++ {
		if im.used[p/64]&(1<<(p%64)) != 0 {
			return false
		}
		im.used[p/64] |= 1 << (p % 64)
	}
	return true
}

// page reads a page with what it continues on, and checks its header. The caller gives it back with release.
func (im *image) page(id uint64) ([]byte, error) {
	if id < 2 || !im.use(id, 1) {
		return nil, fmt.Errorf("page %d is outside of the file or used twice", id)
	}
	b := im.buffer()
	if _, err := im.r.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	if got := native.Uint64(b); got != id {
		return nil, fmt.Errorf("page %d says it is page %d", id, got)
	}
	more := uint64(native.Uint32(b[12:]))
	if more == 0 {
		return b, nil
	}
	// The pages are claimed before memory is: they cannot be more than the file has.
	if !im.use(id+1, more) {
		return nil, fmt.Errorf("page %d continues on pages outside of the file or used twice", id)
	}
	whole := make([]byte, (1+more)*pageSize)
	copy(whole, b)
	if _, err := im.r.ReadAt(whole[pageSize:], int64(id+1)*pageSize); err != nil {
		return nil, fmt.Errorf("read pages after %d: %w", id, err)
	}
	return whole, nil
}

func (im *image) buffer() []byte {
	if n := len(im.spare); n > 0 {
		b := im.spare[n-1]
		im.spare = im.spare[:n-1]
		return b
	}
	return make([]byte, pageSize)
}

func (im *image) release(b []byte) {
	if len(b) == pageSize {
		im.spare = append(im.spare, b)
	}
}

// element is one element of a branch (child) or leaf (value).
type element struct {
	flags uint32
	key   []byte
	value []byte
	child uint64
}

// elements splits a page. bbolt writes keys and values without gaps in the order of the elements, so every position
// and the number of elements are known from the lengths before.
func elements(b []byte) ([]element, error) {
	flags, count := native.Uint16(b[8:]), int(native.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return nil, fmt.Errorf("has type %#x", flags)
	}
	at := pageHeader + count*pageElement
	if at > len(b) || count == 0 && flags == flagBranch {
		return nil, fmt.Errorf("has %d elements", count)
	}
	list := make([]element, count)
	for i := range list {
		e := &list[i]
		head := pageHeader + i*pageElement
		h := b[head : head+pageElement]
		var pos, keyBytes, valueBytes uint32
		if flags == flagBranch {
			pos, keyBytes, e.child = native.Uint32(h), native.Uint32(h[4:]), native.Uint64(h[8:])
		} else {
			e.flags, pos, keyBytes, valueBytes = native.Uint32(h), native.Uint32(h[4:]), native.Uint32(h[8:]), native.Uint32(h[12:])
		}
		end := at + int(keyBytes) + int(valueBytes)
		if int(pos) != at-head || keyBytes == 0 || end > len(b) {
			return nil, fmt.Errorf("element %d lies at a wrong place", i)
		}
		e.key, e.value = b[at:at+int(keyBytes)], b[at+int(keyBytes):end]
		at = end
	}
	if len(b) > pageSize && len(b)-at >= 2*pageSize {
		return nil, fmt.Errorf("has %d bytes but uses %d", len(b), at)
	}
	return list, nil
}

// walk visits the leaf elements of a tree in the order of their keys. Pages that cannot be read are reported and
// left out. An element is valid during the visit only.
func (im *image) walk(where string, root uint64, visit func(element)) {
	w := walker{image: im, where: where, visit: visit}
	w.page(root, nil, nil, 0)
}

type walker struct {
	*image
	where string
	visit func(element)
	last  []byte // key before
}

// page visits a page whose keys must be from low (nil: any) to before high (nil: any).
func (w *walker) page(id uint64, low, high []byte, depth int) {
	b, err := w.image.page(id)
	if err != nil {
		w.damage(w.where, err.Error())
		return
	}
	defer w.release(b)
	list, err := elements(b)
	switch {
	case err != nil:
		w.damage(w.where, fmt.Sprintf("page %d %v", id, err))
		return
	case depth > mostDepth:
		w.damage(w.where, fmt.Sprintf("page %d lies too deep", id))
		return
	}
	if native.Uint16(b[8:]) == flagLeaf {
		w.leaf(id, list, low, high)
		return
	}
	for i, e := range list {
		from, to := low, high
		if i > 0 {
			from = e.key
		}
		if i+1 < len(list) {
			to = list[i+1].key
		}
		if from != nil && to != nil && bytes.Compare(from, to) >= 0 {
			w.damage(w.where, fmt.Sprintf("page %d: key %d is out of order", id, i))
			continue
		}
		w.page(e.child, from, to, depth+1)
	}
}

func (w *walker) leaf(id uint64, list []element, low, high []byte) {
	for i, e := range list {
		if w.last != nil && bytes.Compare(e.key, w.last) <= 0 ||
			low != nil && bytes.Compare(e.key, low) < 0 || high != nil && bytes.Compare(e.key, high) >= 0 {
			w.damage(w.where, fmt.Sprintf("page %d: key %d is out of order", id, i))
			continue
		}
		w.last = append(w.last[:0], e.key...)
		w.visit(e)
	}
}

// bucket visits the content of a bucket, given its element in the root tree.
func (im *image) bucket(e element, visit func(element)) {
	where := fmt.Sprintf("bucket %s", e.key)
	if len(e.value) < inlineRoot {
		im.damage(where, "has no root")
		return
	}
	if root := native.Uint64(e.value); root != 0 {
		im.walk(where, root, visit)
		return
	}
	// A small bucket lies in the element itself.
	b := e.value[inlineRoot:]
	if len(b) < pageHeader || native.Uint16(b[8:]) != flagLeaf {
		im.damage(where, "has neither a root nor content")
		return
	}
	list, err := elements(b)
	if err != nil {
		im.damage(where, err.Error())
		return
	}
	w := walker{image: im, where: where, visit: visit}
	w.leaf(0, list, nil, nil)
}

// free checks the list of free pages against the pages reached: a page is one or the other. It comes last.
func (im *image) free() {
	const where = "list of free pages"
	b, err := im.page(im.meta.freelist)
	if err != nil {
		im.damage(where, err.Error())
		return
	}
	if native.Uint16(b[8:]) != flagFreelist {
		im.damage(where, fmt.Sprintf("page %d has type %#x", im.meta.freelist, native.Uint16(b[8:])))
		return
	}
	count, at := uint64(native.Uint16(b[10:])), uint64(pageHeader)
	if count == 0xFFFF { // then the number is the first element
		count, at = native.Uint64(b[at:]), at+8
	}
	if count > (uint64(len(b))-at)/8 {
		im.damage(where, fmt.Sprintf("claims %d pages", count))
		return
	}
	for i := range count {
		if id := native.Uint64(b[at+8*i:]); id < 2 || !im.use(id, 1) {
			im.damage(where, fmt.Sprintf("page %d is free and in use", id))
			return
		}
	}
	for id := range im.meta.pages {
		if int(id/64) < len(im.used) && im.used[id/64]&(1<<(id%64)) == 0 {
			im.damage(where, fmt.Sprintf("page %d is neither free nor in use", id))
			return
		}
	}
}
