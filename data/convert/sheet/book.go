// Package sheet reads and writes spreadsheets (Office Open XML, .xlsx): one sheet, whose first row names the columns.
//
// Rows stream both ways. Only the texts that cells share are held in memory while a book is read.
//
// It is not excelize because that library gives either what a cell shows, where numbers have lost digits, or what it holds,
// where dates are numbers; and it writes what here goes straight into the archive to a file first.
package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gewu-city/gewu/data/convert/charset"
	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/data/convert/xmltext"
)

// Bounds on a book.
const (
	maxColumns = 16384
	maxRows    = 1 << 20
	maxShared  = 256 << 20 // bytes of the texts that cells share
	maxTexts   = 16 << 20  // their number
	maxStyles  = 1 << 16
)

// book is an open archive.
type book struct {
	members map[string]*zip.File
	sheets  []sheetEntry
	// from1904 counts days from 1904 instead of 1900.
	from1904 bool
	// dates tells of each style whether it shows a number as a date or time.
	dates []bool
	// shared are the texts that cells share, one behind the other, and where each ends.
	shared     []byte
	sharedEnds []uint32
	parts      map[string]string // of the workbook: relation to member
}

// sheetEntry is a sheet of the workbook.
type sheetEntry struct{ name, member string }

// openBook reads all of a book but its sheets.
func openBook(file *spool.File) (*book, error) {
	magic := make([]byte, 4)
	if _, err := file.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) == "\xd0\xcf\x11\xe0" {
		return nil, errors.New("the file is an old spreadsheet (.xls) or one with a password; save it as .xlsx without")
	}
	z, err := file.Zip()
	if err != nil {
		return nil, err
	}
	b := &book{members: map[string]*zip.File{}}
	for _, f := range z.File {
		b.members[strings.ToLower(strings.TrimPrefix(f.Name, "/"))] = f
	}
	workbook := "xl/workbook.xml"
	links, err := b.relations("_rels/.rels", "")
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if strings.HasSuffix(l.kind, "/officeDocument") {
			workbook = l.member
		}
	}
	if b.members[strings.ToLower(workbook)] == nil {
		return nil, errors.New("the archive is no spreadsheet: it has no workbook")
	}
	return b, b.readWorkbook(workbook)
}

// relation is a link from one member of a book to another.
type relation struct{ id, kind, member string }

// relations reads the links of a member, in the folder of which they count.
func (b *book) relations(member, folder string) (all []relation, err error) {
	if b.members[strings.ToLower(member)] == nil {
		return nil, nil
	}
	return all, b.parse(member, func(d *xmltext.Decoder) error {
		return d.Each(func(e xml.StartElement) error {
			target := xmltext.Attr(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join(folder, target)
			}
			all = append(all, relation{xmltext.Attr(e, "Id"), xmltext.Attr(e, "Type"), strings.TrimPrefix(target, "/")})
			return d.Skip()
		})
	})
}

// parse reads a member whose root element has been taken.
func (b *book) parse(member string, read func(*xmltext.Decoder) error) error {
	in, err := b.open(member)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // a member that was only read
	d, err := xmltext.NewDecoder(in, charset.Encoding{})
	if err == nil {
		_, err = d.Root()
	}
	if err == nil {
		err = read(d)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", member, err)
	}
	return nil
}

func (b *book) open(member string) (io.ReadCloser, error) {
	f := b.members[strings.ToLower(member)]
	if f == nil {
		return nil, fmt.Errorf("the book has no part %s", member)
	}
	return spool.Open(f)
}

func (b *book) readWorkbook(member string) error {
	folder, base := path.Split(member)
	links, err := b.relations(folder+"_rels/"+base+".rels", folder)
	if err != nil {
		return err
	}
	b.parts = map[string]string{}
	var styles, shared string
	for _, l := range links {
		b.parts[l.id] = l.member
		switch {
		case strings.HasSuffix(l.kind, "/styles"):
			styles = l.member
		case strings.HasSuffix(l.kind, "/sharedStrings"):
			shared = l.member
		}
	}
	if err := b.parse(member, b.readSheets); err != nil {
		return err
	}
	if styles != "" {
		if err := b.parse(styles, b.readStyles); err != nil {
			return err
		}
	}
	if shared != "" {
		return b.parse(shared, b.readShared)
	}
	return nil
}

// readSheets lists the sheets, hidden ones left out.
func (b *book) readSheets(d *xmltext.Decoder) error {
	return d.Each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			b.from1904 = truth(xmltext.Attr(e, "date1904"))
		case "sheets":
			return d.Each(func(e xml.StartElement) error {
				name, id := xmltext.Attr(e, "name"), ""
				for _, a := range e.Attr {
					if a.Name.Local == "id" && a.Name.Space != "" {
						id = a.Value
					}
				}
				if state := xmltext.Attr(e, "state"); b.parts[id] != "" && state != "hidden" && state != "veryHidden" {
					b.sheets = append(b.sheets, sheetEntry{name, b.parts[id]})
				}
				return d.Skip()
			})
		}
		return d.Skip()
	})
}

func truth(text string) bool { return text == "1" || text == "true" }

// readStyles finds the styles that show numbers as dates or times.
func (b *book) readStyles(d *xmltext.Decoder) error {
	codes := map[int]string{}
	return d.Each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmts":
			return d.Each(func(e xml.StartElement) error {
				if id, err := strconv.Atoi(xmltext.Attr(e, "numFmtId")); err == nil && len(codes) < maxStyles {
					codes[id] = xmltext.Attr(e, "formatCode")
				}
				return d.Skip()
			})
		case "cellXfs":
			return d.Each(func(e xml.StartElement) error {
				id, _ := strconv.Atoi(xmltext.Attr(e, "numFmtId"))
				code, own := codes[id]
				if len(b.dates) == maxStyles {
					return fmt.Errorf("it has more than %d styles", maxStyles)
				}
				b.dates = append(b.dates, own && showsDate(code) || !own && builtInDate(id))
				return d.Skip()
			})
		}
		return d.Skip()
	})
}

// builtInDate tells the formats of dates and times of day among those that books do not write down, those of Chinese,
// Japanese and Korean editions included (ECMA-376 part 1, 18.8.30).
func builtInDate(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id == 45 || id == 47 || id >= 50 && id <= 58
}

// showsDate reports whether the code of a format has parts of a date or time outside quotes and brackets. Brackets hold
// colours and conditions, and elapsed hours, which are numbers.
func showsDate(code string) bool {
	code, _, _ = strings.Cut(code, ";") // the part for positive numbers
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '\\', '_', '*':
			i++
		case '"', '[':
			end := strings.IndexByte(code[i+1:], map[byte]byte{'"': '"', '[': ']'}[c])
			if end < 0 || end > 0 && strings.Trim(code[i+1:i+1+end], "hHmMsS") == "" {
				return false
			}
			i += end + 1
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return true
		}
	}
	return false
}

// readShared keeps the texts that cells share.
func (b *book) readShared(d *xmltext.Decoder) error {
	return d.Each(func(xml.StartElement) error {
		text, err := richText(d)
		if err != nil {
			return err
		}
		if len(b.shared)+len(text) > maxShared || len(b.sharedEnds) == maxTexts {
			return fmt.Errorf("its cells have more than %d texts or %d MiB of them; save it as CSV", maxTexts, maxShared>>20)
		}
		b.shared = append(b.shared, text...)
		b.sharedEnds = append(b.sharedEnds, uint32(len(b.shared)))
		return nil
	})
}

// richText reads the text of the current element, which may be in runs of different looks. How it sounds (phonetic runs)
// is left out.
func richText(d *xmltext.Decoder) (string, error) {
	var text string
	err := d.Each(func(e xml.StartElement) error {
		var part string
		var err error
		switch e.Name.Local {
		case "t":
			part, err = d.Text()
		case "r":
			part, err = richText(d)
		default:
			err = d.Skip()
		}
		text += part
		return err
	})
	return text, err
}

// sharedText is the text of a number in the table of shared ones.
func (b *book) sharedText(i int) (string, bool) {
	if i < 0 || i >= len(b.sharedEnds) {
		return "", false
	}
	from := uint32(0)
	if i > 0 {
		from = b.sharedEnds[i-1]
	}
	return unescape(string(b.shared[from:b.sharedEnds[i]])), true
}

// unescape reads characters that XML cannot hold, written as _x0007_.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "_x")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		if len(s) >= 7 && s[6] == '_' {
			if r, err := strconv.ParseUint(s[2:6], 16, 16); err == nil && !utf16.IsSurrogate(rune(r)) {
				b.WriteRune(rune(r))
				s = s[7:]
				continue
			}
		}
		b.WriteString("_x")
		s = s[2:]
	}
}

// choose finds the sheet of a name, or the only one that holds anything.
func (b *book) choose(name string) (sheetEntry, error) {
	names := make([]string, len(b.sheets))
	for i, s := range b.sheets {
		names[i] = s.name
	}
	if name != "" {
		i := slices.Index(names, name)
		if i < 0 {
			return sheetEntry{}, fmt.Errorf("the book has no sheet %q; it holds %s", name, strings.Join(names, ", "))
		}
		return b.sheets[i], nil
	}
	var filled []sheetEntry
	for _, s := range b.sheets {
		some, err := b.filled(s.member)
		if err != nil {
			return s, err
		}
		if some {
			filled = append(filled, s)
		}
	}
	switch len(filled) {
	case 0:
		return sheetEntry{}, errors.New("the sheets of the book are empty; the first row must name the columns")
	case 1:
		return filled[0], nil
	}
	return sheetEntry{}, fmt.Errorf("the book holds %s; say which with --table", strings.Join(names, ", "))
}

// filled reports whether a sheet has a cell.
func (b *book) filled(member string) (bool, error) {
	some := false
	err := b.parse(member, func(d *xmltext.Decoder) error {
		for !some {
			token, err := d.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if e, ok := token.(xml.StartElement); ok {
				some = e.Name.Local == "c"
			}
		}
		return nil
	})
	return some, err
}
