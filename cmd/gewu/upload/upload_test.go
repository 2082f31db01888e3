package upload_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/upload"
)

func TestOpenAndSend(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.csv", "b.shp", "b.dbf", "c.dbf", "m.toml", "odd"} {
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		names           []string
		format, mapping string
		want            string
		size            int64
		wrong           string
	}{
		"files":      {names: []string{"a.csv", "c.dbf"}, want: "file a.csv a.csv|file c.dbf c.dbf", size: 10},
		"input":      {names: []string{"a.csv", "-"}, format: "csv", want: "file a.csv a.csv|file standard input in", size: upload.Unknown},
		"shapefile":  {names: []string{"b.dbf", "b.shp", "c.dbf"}, want: "file b.shp PK|file c.dbf c.dbf", size: 15},
		"mapping":    {names: []string{"odd"}, format: "osm", mapping: "m.toml", want: "mapping m.toml m.toml|file odd odd", size: 9},
		"no format":  {names: []string{"odd"}, wrong: "odd: the format cannot be told from the name; say --format csv|"},
		"old sheet":  {names: []string{"a.XLS"}, wrong: "a.XLS: this kind of spreadsheet is not read; save it as .xlsx"},
		"other map":  {names: []string{"x/a.fgb"}, wrong: "x/a.fgb: this format is not read; convert it, for example with ogr2ogr -f GPKG a.gpkg x/a.fgb"},
		"no format ": {names: []string{"-"}, wrong: "--format is needed for standard input"},
		"missing":    {names: []string{"a.csv", "none.csv"}, wrong: "open none.csv: no such file"},
		"no mapping": {names: []string{"a.csv"}, mapping: "none.toml", wrong: "open none.toml: no such file"},
		"no parts":   {names: []string{"none.shp"}, wrong: "none.shp: file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			files, size, err := upload.Open(test.names, test.format, test.mapping, strings.NewReader("in"))
			t.Cleanup(files.Close)
			if test.wrong != "" {
				if !strings.HasPrefix(fmt.Sprint(err), test.wrong) {
					t.Errorf("got %v, want %s", err, test.wrong)
				}
				return
			}
			if err != nil || size != test.size {
				t.Fatal(size, err)
			}
			if got := sent(t, files); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	files, size, err := upload.OpenFS(os.DirFS("."), []string{"a.csv"})
	if err != nil || size != 5 || sent(t, files) != "file a.csv a.csv" {
		t.Error(size, err)
	}
	if _, _, err := upload.OpenFS(os.DirFS("."), []string{"a.csv", filepath.Join("x", "none")}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// sent is what a form has of files: what it calls each, its name, and how its content starts.
func sent(t *testing.T, files upload.Files) string {
	t.Helper()
	body, out := io.Pipe()
	form := multipart.NewWriter(out)
	go func() { out.CloseWithError(files.Send(form)) }()
	in := multipart.NewReader(body, form.Boundary())
	var parts []string
	for {
		p, err := in.NextPart()
		if errors.Is(err, io.EOF) {
			return strings.Join(parts, "|")
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b), "PK") {
			b = b[:2]
		}
		parts = append(parts, p.FormName()+" "+p.FileName()+" "+string(b))
	}
}
