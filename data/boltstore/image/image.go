// Package image reads the pages of a bbolt file without bbolt.
//
// bbolt maps the file and believes what it finds there, so a damaged length makes it read outside, and a page that is
// both free and in use is overwritten by a later commit. Here every page is checked before it is followed, which finds
// each flipped bit that matters to the structure; the content of keys and values is the matter of the caller. What is
// read is the layout of bbolt 1.3 to 1.5 (format version 2), in the byte order of the machine that wrote it.
package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"runtime"
	"slices"
	"strconv"
)

// PageSize is the only size of a page, in bytes, that is read. It is fixed, so that a file made on one machine is the
// same on another with larger pages.
const PageSize = 4096

// MapBytes is the address range to reserve for a file. A larger file is mapped anew, which waits for readers, so it is
// generous where addresses are plenty. Windows would extend the file to it.
func MapBytes() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0
	}
	wide := int64(16 << 30) // a constant would not compile where it does not fit
	return int(wide)
}

// Flags of an [Element] of a tree that holds values and buckets, as bbolt writes them.
const (
	FlagValue  = 0
	FlagBucket = 1
)

// Reader reads one file. It uses ReadAt only, so it works on a file in use while a read transaction pins the pages of
// the header that it was given. A Reader visits each bucket once, and is for one goroutine.
type Reader struct {
	r    io.ReaderAt
	size int64
	meta Meta
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

	// noFreelist is the page of a list of free pages that was not written: what is not in use is free.
	noFreelist = ^uint64(0)
)

// Meta is one of the two headers of the file. The valid one with the higher transaction id counts.
type Meta struct {
	// Pages is the high-water mark: pages from here on were never used.
	Pages uint64
	// TxID is the transaction that wrote the header.
	TxID uint64

	root, freelist uint64 // pages
}

var native = binary.NativeEndian

// ReadMeta reads header 0 or 1 of a file. It returns false when the header cannot be read or is not valid, or when the
// file has pages of another size than [PageSize].
func ReadMeta(r io.ReaderAt, i int) (Meta, bool) {
	var b [metaBytes]byte
	if _, err := r.ReadAt(b[:], int64(i)*PageSize+pageHeader); err != nil {
		return Meta{}, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56]) // a hash does not fail
	m := Meta{
		Pages: native.Uint64(b[40:]), TxID: native.Uint64(b[48:]),
		root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]),
	}
	ok := native.Uint32(b[0:]) == boltMagic && native.Uint32(b[4:]) == boltVersion &&
		native.Uint64(b[56:]) == sum.Sum64() && native.Uint32(b[8:]) == PageSize
	return m, ok
}

// ReadMetas reads both headers of a file and says which are valid. newest is the one that counts, or the one that is
// left; it means nothing when none is.
func ReadMetas(r io.ReaderAt) (newest Meta, valid [2]bool) {
	a, okA := ReadMeta(r, 0)
	b, okB := ReadMeta(r, 1)
	if !okA || okB && b.TxID > a.TxID {
		a = b
	}
	return a, [2]bool{okA, okB}
}

// NewReader begins to read a file of size bytes with the given header. damage receives whatever is wrong, during this
// call and those of the Reader's methods, errors of reading included; reading goes on behind it.
func NewReader(r io.ReaderAt, size int64, meta Meta, damage func(where, what string)) *Reader {
	f := &Reader{r: r, size: size, meta: meta, damage: damage}
	if int64(meta.Pages) > size/PageSize {
		damage("file", fmt.Sprintf("is cut off: it has %d pages of %d bytes and should have %d", size/PageSize, PageSize, meta.Pages))
	}
	// A page takes at least its place in the file, so a damaged number cannot ask for more memory than that.
	f.used = make([]uint64, min(meta.Pages, uint64(size/PageSize)+1)/64+1)
	f.use(0, 2)
	return f
}

// use marks pages as reached; false when one is out of range or was reached before.
func (f *Reader) use(id, n uint64) bool {
	if id >= f.meta.Pages || n > f.meta.Pages-id || int64(id+n) > f.size/PageSize {
		return false
	}
	for p := id; p < id+n; p++ {
		if f.used[p/64]&(1<<(p%64)) != 0 {
			return false
		}
		f.used[p/64] |= 1 << (p % 64)
	}
	return true
}

// page reads a page with what it continues on, and checks its header. The caller gives it back with release.
func (f *Reader) page(id uint64) ([]byte, error) {
	if id < 2 || !f.use(id, 1) {
		return nil, fmt.Errorf("page %d is outside of the file or used twice", id)
	}
	b := f.buffer()
	if _, err := f.r.ReadAt(b, int64(id)*PageSize); err != nil {
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
	if !f.use(id+1, more) {
		return nil, fmt.Errorf("page %d continues on pages outside of the file or used twice", id)
	}
	whole := make([]byte, (1+more)*PageSize)
	copy(whole, b)
	if _, err := f.r.ReadAt(whole[PageSize:], int64(id+1)*PageSize); err != nil {
		return nil, fmt.Errorf("read pages after %d: %w", id, err)
	}
	return whole, nil
}

func (f *Reader) buffer() []byte {
	if n := len(f.spare); n > 0 {
		b := f.spare[n-1]
		f.spare = f.spare[:n-1]
		return b
	}
	return make([]byte, PageSize)
}

func (f *Reader) release(b []byte) {
	if len(b) == PageSize {
		f.spare = append(f.spare, b)
	}
}

// Element is one element of a leaf: a value of a bucket, or a bucket of the file. Its bytes are those of the page.
type Element struct {
	// Flags is [FlagValue] or [FlagBucket] where the file is in order.
	Flags uint32
	Key   []byte
	Value []byte

	child uint64 // of an element of a branch: its page
}

// elements splits a page. bbolt writes keys and values without gaps in the order of the elements, so every position
// and the number of elements are known from the lengths before.
func elements(b []byte) ([]Element, error) {
	flags, count := native.Uint16(b[8:]), int(native.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return nil, fmt.Errorf("has type %#x", flags)
	}
	at := pageHeader + count*pageElement
	if at > len(b) || count == 0 && flags == flagBranch {
		return nil, fmt.Errorf("has %d elements", count)
	}
	// A damaged count shows in the positions of the elements, unless none is left of it. bbolt writes zeros behind the last
	// element, so a leaf without elements is of zeros.
	if count == 0 && slices.ContainsFunc(b[pageHeader:], func(c byte) bool { return c != 0 }) {
		return nil, errors.New("has content but no elements")
	}
	list := make([]Element, count)
	for i := range list {
		e := &list[i]
		head := pageHeader + i*pageElement
		h := b[head : head+pageElement]
		var pos, keyBytes, valueBytes uint32
		if flags == flagBranch {
			pos, keyBytes, e.child = native.Uint32(h), native.Uint32(h[4:]), native.Uint64(h[8:])
		} else {
			e.Flags, pos, keyBytes, valueBytes = native.Uint32(h), native.Uint32(h[4:]), native.Uint32(h[8:]), native.Uint32(h[12:])
		}
		end := at + int(keyBytes) + int(valueBytes)
		if int(pos) != at-head || keyBytes == 0 || end > len(b) {
			return nil, fmt.Errorf("element %d lies at a wrong place", i)
		}
		e.Key, e.Value = b[at:at+int(keyBytes)], b[at+int(keyBytes):end]
		at = end
	}
	if len(b) > PageSize && len(b)-at >= 2*PageSize {
		return nil, fmt.Errorf("has %d bytes but uses %d", len(b), at)
	}
	return list, nil
}

// walk visits the leaf elements of a tree in the order of their keys. Pages that cannot be read are reported and
// left out. An element is valid during the visit only.
func (f *Reader) walk(where string, root uint64, visit func(Element)) {
	w := walker{Reader: f, where: where, visit: visit}
	w.page(root, nil, nil, 0)
}

type walker struct {
	*Reader
	where string
	visit func(Element)
	last  []byte // key before
}

// page visits a page whose keys must be from low (nil: any) to before high (nil: any).
func (w *walker) page(id uint64, low, high []byte, depth int) {
	b, err := w.Reader.page(id)
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
			from = e.Key
		}
		if i+1 < len(list) {
			to = list[i+1].Key
		}
		if from != nil && to != nil && bytes.Compare(from, to) >= 0 {
			w.damage(w.where, fmt.Sprintf("page %d: key %d is out of order", id, i))
			continue
		}
		w.page(e.child, from, to, depth+1)
	}
}

func (w *walker) leaf(id uint64, list []Element, low, high []byte) {
	for i, e := range list {
		if w.last != nil && bytes.Compare(e.Key, w.last) <= 0 ||
			low != nil && bytes.Compare(e.Key, low) < 0 || high != nil && bytes.Compare(e.Key, high) >= 0 {
			w.damage(w.where, fmt.Sprintf("page %d: key %d is out of order", id, i))
			continue
		}
		w.last = append(w.last[:0], e.Key...)
		w.visit(e)
	}
}

// Buckets visits the buckets of the file by name. The elements are for [Reader.Bucket]; they are valid during the visit
// only, unless key and value are copied.
func (f *Reader) Buckets(visit func(Element)) { f.walk("list of buckets", f.meta.root, visit) }

// Bucket visits the content of a bucket by key, given its element in the list of buckets. Pages that cannot be read
// are reported and left out. An element is valid during the visit only.
func (f *Reader) Bucket(e Element, visit func(Element)) {
	where := fmt.Sprintf("bucket %s", e.Key)
	if len(e.Value) < inlineRoot {
		f.damage(where, "has no root")
		return
	}
	if root := native.Uint64(e.Value); root != 0 {
		f.walk(where, root, visit)
		return
	}
	// A small bucket lies in the element itself.
	b := e.Value[inlineRoot:]
	if len(b) < pageHeader || native.Uint16(b[8:]) != flagLeaf {
		f.damage(where, "has neither a root nor content")
		return
	}
	list, err := elements(b)
	if err != nil {
		f.damage(where, err.Error())
		return
	}
	w := walker{Reader: f, where: where, visit: visit}
	w.leaf(0, list, nil, nil)
}

// Free checks the list of free pages against the pages reached: a page is one or the other. It comes last, after all
// buckets were visited. A file may do without the list: then every page that was not reached is free.
func (f *Reader) Free() {
	const where = "list of free pages"
	if f.meta.freelist == noFreelist {
		return
	}
	b, err := f.page(f.meta.freelist)
	if err != nil {
		f.damage(where, err.Error())
		return
	}
	if native.Uint16(b[8:]) != flagFreelist {
		f.damage(where, fmt.Sprintf("page %d has type %#x", f.meta.freelist, native.Uint16(b[8:])))
		return
	}
	count, at := uint64(native.Uint16(b[10:])), uint64(pageHeader)
	if count == 0xFFFF { // then the number is the first element
		count, at = native.Uint64(b[at:]), at+8
	}
	if count > (uint64(len(b))-at)/8 {
		f.damage(where, fmt.Sprintf("claims %d pages", count))
		return
	}
	for i := range count {
		if id := native.Uint64(b[at+8*i:]); id < 2 || !f.use(id, 1) {
			f.damage(where, fmt.Sprintf("page %d is free and in use", id))
			return
		}
	}
	for id := range f.meta.Pages {
		if int(id/64) < len(f.used) && f.used[id/64]&(1<<(id%64)) == 0 {
			f.damage(where, fmt.Sprintf("page %d is neither free nor in use", id))
			return
		}
	}
}
