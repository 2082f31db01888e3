package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDemo starts the sample city as a user does and checks what README promises.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	t.Run("locate", func(t *testing.T) { demoLocate(t, s) })
	t.Run("layers", func(t *testing.T) { demoLayers(t, s) })
	t.Run("edit changes tile and feed", func(t *testing.T) { demoEdit(t, s) })
	t.Run("gdal reads tiles", func(t *testing.T) { demoGDAL(t, s) })
	t.Run("batch", func(t *testing.T) { demoBatch(t, dir) })
	t.Run("trees replace", func(t *testing.T) { demoTrees(t, dir) })
	t.Run("export and import", func(t *testing.T) { demoRoundTrip(t, dir) })
	t.Run("bad rows", func(t *testing.T) { demoBadRows(t, dir) })
	if out := mustRun(t, "check", "--data", dir); !strings.Contains(out, "sound") {
		t.Errorf("check while serving:\n%s", out)
	}
	s.stop()
	start := time.Now()
	again := startServer(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	t.Logf("second start took %v", time.Since(start))
	demoLocate(t, again)
	again.stop()
}

// location is the answer of locate, as far as the tests look at it.
type location struct {
	Seq     int `json:"seq"`
	Areas   []struct{ Level, Code, Name string }
	Cells   []struct{ Scheme, Code string }
	Address struct {
		Label    string  `json:"label"`
		Distance float64 `json:"distance_m"`
	}
	Parts []struct {
		Layer, ID string
		Distance  float64 `json:"distance_m"`
	}
}

func demoLocate(t *testing.T, s *server) {
	t.Helper()
	var l location
	s.call(http.MethodGet, "/v1/locate?lon=121.5645&lat=25.0338", nil, &l)
	if len(l.Areas) != 2 || l.Areas[0].Name != "信義區" || l.Areas[1].Name != "西村里" {
		t.Errorf("areas %+v", l.Areas)
	}
	if len(l.Cells) != 1 || l.Cells[0].Scheme != "unit" || !strings.HasPrefix(l.Cells[0].Code, "A6302-") {
		t.Errorf("cells %+v", l.Cells)
	}
	if l.Address.Label == "" || l.Address.Distance > 200 {
		t.Errorf("address %+v", l.Address)
	}
	var outside location
	s.call(http.MethodGet, "/v1/locate?lon=0&lat=0", nil, &outside)
	if outside.Areas == nil || len(outside.Areas)+len(outside.Cells)+len(outside.Parts) != 0 {
		t.Errorf("outside the city: %+v", outside)
	}
}

func demoLayers(t *testing.T, s *server) {
	t.Helper()
	var list struct {
		Layers []struct {
			Name  string `json:"name"`
			Count int    `json:"count"`
		} `json:"layers"`
	}
	s.call(http.MethodGet, "/v1/layers", nil, &list)
	got := map[string]int{}
	for _, l := range list.Layers {
		got[l.Name] = l.Count
	}
	want := map[string]int{"districts": 12, "villages": 456, "units": 11490, "addresses": 246230, "trees": 91368}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: %d features, want %d", name, got[name], n)
		}
	}
}

// demoEdit moves a tree and sees the tile change, its ETag with it, another tile stay, and the feed name the tile.
func demoEdit(t *testing.T, s *server) {
	t.Helper()
	var tree struct {
		Features []object `json:"features"`
	}
	s.call(http.MethodGet, "/v1/layers/trees/features?limit=1", nil, &tree)
	id := tree.Features[0]["id"].(string)
	at := tree.Features[0]["geometry"].(object)["coordinates"].([]any)
	lon, lat := at[0].(float64), at[1].(float64)
	x, y := tileOf(lon, lat, 16)
	path := fmt.Sprintf("/tiles/trees/16/%d/%d.mvt", x, y)
	far := fmt.Sprintf("/tiles/trees/16/%d/%d.mvt", x+40, y)
	before, far1 := s.call(http.MethodGet, path, nil, nil).Header.Get("ETag"), s.call(http.MethodGet, far, nil, nil).Header.Get("ETag")

	events, err := http.Get(s.url + "/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	lines := make(chan string, 64)
	go func() {
		defer close(lines)
		scan := bufio.NewScanner(events.Body)
		for scan.Scan() {
			if data, ok := strings.CutPrefix(scan.Text(), "data: "); ok && strings.Contains(data, `"tiles"`) {
				lines <- data
			}
		}
	}()
	feature := tree.Features[0]
	feature["properties"].(object)["tree_type"] = "測試樹"
	start := time.Now()
	var done struct {
		Seq int `json:"seq"`
	}
	s.call(http.MethodPost, "/v1/changes", object{"changes": []object{{"op": "put", "layer": "trees", "feature": object{
		"type": "Feature", "id": id, "geometry": feature["geometry"], "properties": feature["properties"],
	}}}}, &done)
	resp := s.call(http.MethodGet, path, nil, nil)
	t.Logf("edit acknowledged and its tile drawn again after %v", time.Since(start))
	if resp.Header.Get("ETag") == before {
		t.Error("the tile kept its ETag")
	}
	if s.call(http.MethodGet, far, nil, nil).Header.Get("ETag") != far1 {
		t.Error("a tile far away changed")
	}
	select {
	case data := <-lines:
		var event struct {
			Seq    int      `json:"seq"`
			Layers []string `json:"layers"`
			Tiles  []struct {
				Layer string `json:"layer"`
				Z     int
				X, Y  [2]int
			} `json:"tiles"`
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		named := false
		for _, r := range event.Tiles {
			named = named || r.Layer == "trees" && r.Z == 16 && r.X[0] <= x && x <= r.X[1] && r.Y[0] <= y && y <= r.Y[1]
		}
		if !named || event.Seq < done.Seq {
			t.Errorf("the feed does not name tile 16/%d/%d: %s", x, y, data)
		}
	case <-time.After(time.Second):
		t.Error("no event within a second")
	}
}

func tileOf(lon, lat float64, z int) (x, y int) {
	n := math.Exp2(float64(z))
	r := lat * math.Pi / 180
	return int((lon + 180) / 360 * n), int((1 - math.Asinh(math.Tan(r))/math.Pi) / 2 * n)
}

func tileEdge(x, y float64, z int) (lon, lat float64) {
	n := math.Exp2(float64(z))
	return x/n*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y/n))) * 180 / math.Pi
}

var featureCount = regexp.MustCompile(`Feature Count: (\d+)`)

// demoGDAL lets GDAL read tiles and compares its counts with the features in the tile's buffered box.
func demoGDAL(t *testing.T, s *server) {
	t.Helper()
	needTools(t, "ogrinfo")
	const z, buffer = 16, 64.0 / 4096
	x, y := tileOf(121.5430, 25.0330, z)
	dir := t.TempDir()
	for _, layer := range []string{"trees", "addresses", "units"} {
		resp, err := http.Get(fmt.Sprintf("%s/tiles/%s/%d/%d/%d.mvt", s.url, layer, z, x, y))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", layer, resp.Status, err)
		}
		file := filepath.Join(dir, layer+".mvt")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("ogrinfo", "-ro", "-so", "-oo", fmt.Sprint("X=", x), "-oo", fmt.Sprint("Y=", y), "-oo", fmt.Sprint("Z=", z), "MVT:"+file, layer).CombinedOutput()
		if err != nil {
			t.Fatalf("ogrinfo: %v\n%s", err, out)
		}
		m := featureCount.FindSubmatch(out)
		if m == nil {
			t.Fatalf("ogrinfo says no count:\n%s", out)
		}
		got, _ := strconv.Atoi(string(m[1]))
		w, n := tileEdge(float64(x)-buffer, float64(y)-buffer, z)
		e, south := tileEdge(float64(x)+1+buffer, float64(y)+1+buffer, z)
		want := count(t, s, layer, fmt.Sprintf("%.9f,%.9f,%.9f,%.9f", w, south, e, n))
		// Polygons may meet the box without reaching into the tile; points on its very edge may round either way.
		slack := 1
		if layer == "units" {
			slack = want / 5
		}
		if got < want-slack || got > want+1 || got == 0 {
			t.Errorf("%s: GDAL counts %d features, the box holds %d", layer, got, want)
		}
		t.Logf("%s: GDAL counts %d features, the box holds %d", layer, got, want)
	}
}

func count(t *testing.T, s *server, layer, bbox string) int {
	t.Helper()
	n, cursor := 0, ""
	for {
		var page struct {
			Features []json.RawMessage `json:"features"`
			Next     string            `json:"next"`
		}
		s.call(http.MethodGet, "/v1/layers/"+layer+"/features?limit=1000&bbox="+bbox+"&cursor="+cursor, nil, &page)
		n += len(page.Features)
		if cursor = page.Next; cursor == "" {
			return n
		}
	}
}

func demoBatch(t *testing.T, dir string) {
	t.Helper()
	out, ok := run(t, strings.NewReader("name,lon,lat\n101,121.5645,25.0338\nbad,x,25\nsea,120,25\n"), "locate", "--data", dir)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if !ok || len(lines) != 4 {
		t.Fatalf("locate: %v\n%s", ok, out)
	}
	if !strings.HasPrefix(lines[0], "name,lon,lat,district_code,district_name,village_code,village_name,unit_code,address,address_m,error") {
		t.Errorf("header %s", lines[0])
	}
	if !strings.Contains(lines[1], "信義區") || !strings.HasPrefix(lines[2], "bad,x,25,,,") || strings.HasSuffix(lines[2], ",") || lines[3] != "sea,120,25,,,,,,,," {
		t.Errorf("rows\n%s", out)
	}
}

func demoTrees(t *testing.T, dir string) {
	t.Helper()
	args := []string{
		"import", "--data", dir, "--layer", "trees", "--crs", "3826", "--lon", "TWD97X", "--lat", "TWD97Y",
		"--mode", "replace", "--ignore", "UpdDate", "testdata/street_trees.2026-08-23.csv.gz",
	}
	// An earlier test changed one tree; the new file changes it back.
	out := mustRun(t, args...)
	if !strings.Contains(out, "91313 rows: 1 added, 1 changed, 56 ended, 91311 unchanged, 0 failed") {
		t.Errorf("replace: %s", out)
	}
	out = mustRun(t, args...)
	if !strings.Contains(out, "91313 rows: 0 added, 0 changed, 0 ended, 91313 unchanged, 0 failed") {
		t.Errorf("replace again: %s", out)
	}
}

func demoRoundTrip(t *testing.T, dir string) {
	t.Helper()
	for _, format := range []string{"csv", "geojson", "geojsonseq"} {
		file := filepath.Join(t.TempDir(), "villages."+format+".gz")
		mustRun(t, "export", "--data", dir, "--layer", "villages", "--format", format, "-o", file)
		out := mustRun(t, "import", "--data", dir, "--layer", "villages", "--format", format, "--mode", "replace", file)
		if !strings.Contains(out, "456 rows: 0 added, 0 changed, 0 ended, 456 unchanged, 0 failed") {
			t.Errorf("%s: %s", format, out)
		}
	}
}

func demoBadRows(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bad.csv")
	rows := "TreeID,TreeType,Diameter,TWD97X,TWD97Y\n" +
		"T1,榕樹,12,302404.92,2777358.41\n" +
		"T2,榕樹,thick,302404.92,2777358.41\n" +
		"T3,榕樹,12,nowhere,2777358.41\n" +
		"T4,榕樹,12,121.5,25.0\n" +
		"T5,榕樹,12,302404.92,2777358.41,extra\n" +
		"T6,\xff\xfe,12,302404.92,2777358.41\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	out, ok := run(t, nil, "import", "--data", dir, "--layer", "trees", "--crs", "3826", "--lon", "TWD97X", "--lat", "TWD97Y", "--dry-run", file)
	if ok {
		t.Error("an import with wrong rows succeeded")
	}
	for _, want := range []string{"bad.csv: row 2", "thick", "row 3", "nowhere", "row 4", "row 5", "row 6", "UTF-8", "6 rows: 1 added", "5 failed"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	out, ok = run(t, nil, "import", "--data", dir, "--layer", "nothing", file)
	if ok || !strings.Contains(out, "trees") {
		t.Errorf("an unknown layer: %s", out)
	}
}
