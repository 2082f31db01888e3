package osm

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	peer "github.com/paulmach/osm"
	"github.com/paulmach/osm/osmxml"

	"github.com/gewu-city/gewu/data/convert/spool"
	"github.com/gewu-city/gewu/geo"
)

// describe writes down an element.
func (e *element) describe() string {
	return fmt.Sprintln(e.name(), e.tags, e.place, e.placed, e.refs, e.members)
}

// describePeer writes down an element of the other library in the same way.
func describePeer(t *testing.T, o peer.Object) string {
	t.Helper()
	e := element{}
	tags := func(all peer.Tags) {
		for _, p := range all {
			e.tags = append(e.tags, tag{p.Key, p.Value})
		}
	}
	switch o := o.(type) {
	case *peer.Node:
		e.kind, e.id = node, int64(o.ID)
		e.place, e.placed = geo.FromDegrees(o.Lon, o.Lat)
		tags(o.Tags)
	case *peer.Way:
		e.kind, e.id = way, int64(o.ID)
		for _, n := range o.Nodes {
			e.refs = append(e.refs, int64(n.ID))
		}
		tags(o.Tags)
	case *peer.Relation:
		e.kind, e.id = relation, int64(o.ID)
		for _, m := range o.Members {
			e.members = append(e.members, member{kindNames[string(m.Type)], m.Ref, m.Role})
		}
		tags(o.Tags)
	default:
		return ""
	}
	return e.describe()
}

// TestPeer compares every element with what another library reads, which can do so without C for XML only; PBF is
// compared with XML in TestForms.
func TestPeer(t *testing.T) {
	for _, name := range []string{"testdata/vaduz.osm.gz"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
		theirs := osmxml.New(context.Background(), bytes.NewReader(b))
		file, err := spool.Copy(bytes.NewReader(b), false, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		got := map[string]string{}
		for k := range kinds {
			if err := scan(t.Context(), file, k, func(e *element) error { got[e.name()] = e.describe(); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		n := 0
		for theirs.Scan() {
			want := describePeer(t, theirs.Object())
			if want == "" {
				continue
			}
			n++
			if name, _, _ := strings.Cut(want, " "); got[name] != want {
				t.Fatalf("got  %swant %s", got[name], want)
			}
		}
		if err := theirs.Err(); err != nil || n != len(got) || n == 0 {
			t.Errorf("%s: %d elements, the other library has %d, %v", name, len(got), n, err)
		}
		if err := theirs.Close(); err != nil {
			t.Error(err)
		}
	}
}
