package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/index"
	"github.com/gewu-city/gewu/index/indextest"
	"github.com/gewu-city/gewu/server/ingest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store appends to a log in memory.
type store struct{ log *indextest.Log }

func (s store) Append(_ context.Context, tx data.Tx) (data.Seq, error) {
	return s.log.Append(tx.Changes...), nil
}

func lamps(attribute string) *data.Layer {
	return &data.Layer{
		Name: "lamps", Geometry: data.GeometryPoint, ID: data.IDRule{Attribute: "no"},
		Attributes: []data.Attribute{{Name: "no", Type: data.Text}, {Name: attribute, Type: data.Text}},
	}
}

// city is an engine with an empty layer of lamps.
func city(t *testing.T) (*indextest.Log, *index.Engine) {
	t.Helper()
	log := indextest.NewLog()
	log.Append(indextest.Define(lamps("owner")))
	return log, indextest.Start(t, log)
}

// run imports a text and returns the counts, the wrong rows and the error of the whole.
func run(t *testing.T, log *indextest.Log, e *index.Engine, cfg ingest.Config, text string, during func()) (ingest.Summary, []string, error) {
	t.Helper()
	var wrong []string
	cfg.Store, cfg.Engine, cfg.World, cfg.ID = store{log}, e, e.World(), "i1"
	cfg.Layer, _ = cfg.World.Layer("lamps")
	cfg.RowError = func(err *convert.RowError) { wrong = append(wrong, err.Error()) }
	cfg.Note = func(string) {}
	cfg.Progress = func(*ingest.Summary) {
		if during != nil {
			during()
			during = nil
		}
	}
	im := ingest.New(cfg)
	err := im.File(t.Context(), convert.CSV, strings.NewReader(text), convert.Options{Layer: cfg.Layer.Def(), File: "lamps.csv"})
	if err == nil {
		err = im.Finish(t.Context())
	}
	return *im.Summary(), wrong, err
}

func counts(s ingest.Summary) string {
	return fmt.Sprintf("%d rows %d+ %d~ %d- %d= %d!", s.Rows, s.Added, s.Changed, s.Ended, s.Unchanged, s.Failed)
}

const head = "no,owner,lon,lat\n"

// TestModes follows one layer through files; a dry run before each import must tell what the import then does.
func TestModes(t *testing.T) {
	log, e := city(t)
	for _, step := range []struct {
		name, text string
		mode       ingest.Mode
		want       string
		left       int
	}{
		{"first", head + "1,a,121,25\n2,b,121,25\n3,c,121,25\n", ingest.Upsert, "3 rows 3+ 0~ 0- 0= 0!", 3},
		{"again", head + "1,a,121,25\n2,b,121,25\n3,c,121,25\n", ingest.Replace, "3 rows 0+ 0~ 0- 3= 0!", 3},
		{"a column that is missing keeps its values", "no,lon,lat\n1,121,25\n2,121,26\n", ingest.Upsert, "2 rows 0+ 1~ 0- 1= 0!", 3},
		{"twice the same and twice different", head + "4,d,121,25\n4,d,121,25\n4,e,121,25\n", ingest.Upsert, "3 rows 1+ 0~ 0- 1= 1!", 4},
		{"a wrong row keeps what replace would end", head + "1,a,121,25\n2,b,x,25\n", ingest.Replace, "2 rows 0+ 0~ 0- 1= 1!", 4},
		{"replace ends the rest", head + "1,a,121,25\n9,z,121,25\n", ingest.Replace, "2 rows 1+ 0~ 3- 1= 0!", 2},
	} {
		dry, _, err := run(t, log, e, ingest.Config{Mode: step.mode, DryRun: true}, step.text, nil)
		if err != nil || counts(dry) != step.want {
			t.Errorf("%s: dry run %s, %v; want %s", step.name, counts(dry), err, step.want)
		}
		got, wrong, err := run(t, log, e, ingest.Config{Mode: step.mode}, step.text, nil)
		if err != nil || counts(got) != step.want || len(wrong) != got.Failed {
			t.Errorf("%s: %s, %v, %q; want %s", step.name, counts(got), err, wrong, step.want)
		}
		if l, _ := e.World().Layer("lamps"); l.Len() != step.left {
			t.Errorf("%s: %d lamps are left, want %d", step.name, l.Len(), step.left)
		}
	}
	l, _ := e.World().Layer("lamps")
	if s, ok := l.Lookup("1"); !ok || l.Value(s, 1).Text() != "a" {
		t.Error("lamp 1 lost its owner")
	}
}

// TestStrict stops at the first wrong row and keeps what came before.
func TestStrict(t *testing.T) {
	log, e := city(t)
	got, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert, Strict: true}, head+"1,a,121,25\n2,b,x,25\n3,c,121,25\n", nil)
	var file *convert.FileError
	if !errors.As(err, &file) || counts(got) != "2 rows 1+ 0~ 0- 0= 1!" {
		t.Errorf("%s, %v", counts(got), err)
	}
}

// TestLayerReplaced drops the layer and creates another of its name while an import runs: the rows that were read for
// the old one must not end up in the new one.
func TestLayerReplaced(t *testing.T) {
	log, e := city(t)
	var text strings.Builder
	text.WriteString(head)
	for i := range 25_000 {
		fmt.Fprintf(&text, "%d,owner,121,25\n", i)
	}
	_, _, err := run(t, log, e, ingest.Config{Mode: ingest.Upsert}, text.String(), func() {
		log.Append(indextest.Drop("lamps"))
		indextest.At(t, e, log.Append(indextest.Define(lamps("tenant"))))
	})
	if err == nil || !strings.Contains(err.Error(), "dropped during the import") {
		t.Errorf("error %v", err)
	}
	if l, _ := e.World().Layer("lamps"); l.Len() != 0 {
		t.Errorf("%d rows of the old layer are in the new one", l.Len())
	}
}
