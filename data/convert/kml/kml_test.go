package kml_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data/convert/kml"
	"github.com/gewu-city/gewu/data/convert/row"
	"github.com/gewu-city/gewu/data/convert/spool"
)

// ids collects the ids of what is read.
type ids []string

func (ids) Head(row.Head) error { return nil }
func (ids) Note(string)         {}

func (s *ids) Row(r *row.Row) error {
	*s = append(*s, r.ID)
	return nil
}

func archive(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err == nil {
			_, err = io.WriteString(w, members[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadArchive(t *testing.T) {
	const one, two = `<kml><Placemark id="1"/></kml>`, `<kml><Placemark id="2"/></kml>`
	whole := archive(t, "a.png", "x", "files/other.kml", one, "DOC.KML", two)
	for name, test := range map[string]struct {
		b           []byte
		want, wrong string
	}{
		"doc.kml":   {b: whole, want: "2"},
		"one":       {b: archive(t, "x/y.kml", one), want: "1"},
		"the first": {b: archive(t, "a.kml", one, "b.kml", two), want: "1"},
		"none":      {b: archive(t, "a.png", "x"), wrong: "the archive holds no .kml"},
		"torn":      {b: whole[:len(whole)-9], wrong: "the file is not a ZIP archive, or its end is missing"},
		"no XML":    {b: archive(t, "doc.kml", "x"), wrong: "the file is no XML: it does not start with <"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := spool.Copy(bytes.NewReader(test.b), false, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			got := ids{}
			err = kml.ReadArchive(t.Context(), file, row.Options{}, &got)
			if test.wrong != "" {
				if err == nil || err.Error() != test.wrong {
					t.Errorf("got %v, want %s", err, test.wrong)
				}
			} else if err != nil || strings.Join(got, ",") != test.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
