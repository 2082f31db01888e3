package planning_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

func TestDraw(t *testing.T) {
	t.Parallel()
	const one = `{"type":"Feature","properties":{"area_m2":118000.5,"follows":0.984,"joined":[{"sides":["south","west"],"length_m":12.5}],"cells":[{"code":"A1","of_ground":0.9,"of_cell":1}]}}`
	var out bytes.Buffer
	e := env("", &out, &out)
	answer, asked := "", ""
	e.Send = func(path, kind string, body io.Reader, v any) error {
		text, err := io.ReadAll(body)
		asked = path + " " + kind + " " + string(text)
		return errors.Join(err, json.Unmarshal([]byte(answer), v))
	}
	name, file := "", ""
	e.Write = func(n string, r io.Reader) error {
		text, err := io.ReadAll(r)
		name, file = n, string(text)
		return err
	}
	answer = `{"features":[` + one + `],"sides":[{"side":"east","names":["甲路","乙路"]},{"side":"south","names":[]}]}`
	cmd := planning.Draw{Text: "东起甲路…", Scheme: "unit", Output: "ground.geojson"}
	if err := cmd.Run(e); err != nil || asked != `/v1/schemes/unit/draw application/json {"text":"东起甲路…"}` || name != "ground.geojson" || file != answer+"\n" {
		t.Error(err, asked, name, file)
	}
	for _, want := range []string{"east   甲路, 乙路\n", "98 % of its border", "joined over 12.5 m between south and west", "A1            90.0 % of the ground, 100.0 % of the cell"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	out.Reset()
	answer = `{"features":[` + one + `,` + one + `]}`
	cmd.Output = ""
	if err := cmd.Run(e); !errors.Is(err, errDefects) || !strings.Contains(out.String(), "2 pieces of ground lie like that") {
		t.Error(err, &out)
	}
	out.Reset()
	cmd.JSON = true
	if err := cmd.Run(e); !errors.Is(err, errDefects) || strings.TrimSpace(out.String()) != answer {
		t.Error(err, &out)
	}
}
