package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKillWhileReadingsCome posts readings of sensors, each batch until it is acknowledged, to a server that is killed meanwhile.
// At the end each matter of each sensor is one case: none is lost, and none began twice.
func TestKillWhileReadingsCome(t *testing.T) {
	const parts = 5
	rounds := 3
	if !testing.Short() {
		rounds = 12
	}
	profile := filepath.Join(t.TempDir(), "sensor-city")
	if err := os.Mkdir(profile, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"profile.toml": "title = { zh = \"传感城\", en = \"Sensor city\" }\ninherits = \"base\"\n",
		"sensors.toml": "[rules.bin]\ntitle = { zh = \"满溢\", en = \"Full\" }\nreading = \"fill\"\nunit = \"%\"\nabove = 80\nclear = 40\ncount = 2\n" +
			"text = { zh = \"{{.Part}} {{.Value}}\", en = \"{{.Part}} {{.Value}}\" }\n",
	} {
		if err := os.WriteFile(filepath.Join(profile, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	s := serve(t, dir, "--profile", profile)
	s.call(http.MethodPut, "/v1/organisations/command-centre", object{"title": object{"zh": "指挥中心", "en": "Command centre"}, "level": "centre"}, nil)
	s.call(http.MethodPost, "/v1/layers", lamps, nil)
	var changes []object
	for i := range parts {
		changes = append(changes, lamp(fmt.Sprint(i), i))
	}
	s.call(http.MethodPost, "/v1/changes", object{"changes": changes}, nil)

	r := rand.New(rand.NewPCG(8, 4))
	at := time.Now().Add(-12 * time.Hour).Truncate(time.Second)
	// The rule said again: what each sensor has raised, and how it stands.
	type standing struct {
		row, number int
		raised      bool
	}
	var want [parts]standing
	batch := func() (list []object) {
		for range 40 {
			at = at.Add(time.Second)
			part, v := r.IntN(parts), r.IntN(100)
			list = append(list, object{"part": fmt.Sprint("lamps/", part), "name": "fill", "unit": "%", "value": v, "time": at.Format(time.RFC3339)})
			switch is := &want[part]; {
			case is.raised && v < 40:
				*is = standing{number: is.number}
			case is.raised:
			case v < 80:
				is.row = 0
			default:
				if is.row++; is.row == 2 {
					*is = standing{number: is.number + 1, raised: true}
				}
			}
		}
		return list
	}
	acked := 0
	for round := range rounds {
		deadline := time.Now().Add(time.Duration(50+r.IntN(400)) * time.Millisecond)
		killed := make(chan struct{})
		go func() {
			time.Sleep(time.Until(deadline))
			s.kill()
			close(killed)
		}()
		var waiting []object
		for {
			waiting = batch()
			res, raw, err := request(s.url, http.MethodPost, "/v1/readings", object{"readings": waiting})
			if err == nil && res.StatusCode != http.StatusOK {
				t.Fatalf("round %d: %s %s", round, res.Status, raw)
			}
			if err != nil {
				break
			}
			acked++
		}
		<-killed
		s = serve(t, dir, "--profile", profile)
		// What was not acknowledged comes again, as a whole; what was in it already is late, or there.
		res, raw := s.try(http.MethodPost, "/v1/readings", object{"readings": waiting})
		var taken struct{ Failed int }
		if err := json.Unmarshal(raw, &taken); err != nil || res.StatusCode != http.StatusOK || taken.Failed > 0 {
			t.Fatalf("round %d: %s %s", round, res.Status, raw)
		}
	}
	var list struct {
		Sensors []struct {
			Part  string
			Rules []struct {
				Raised bool
				Number int
				Case   string
			}
		}
	}
	s.call(http.MethodGet, "/v1/readings", nil, &list)
	sum := 0
	for i, is := range want {
		sum += is.number
		for _, have := range list.Sensors {
			if have.Part != fmt.Sprint("lamps/", i) {
				continue
			}
			if have.Rules[0].Number != is.number || have.Rules[0].Raised != is.raised {
				t.Errorf("%s raised %d (%v), want %d (%v)", have.Part, have.Rules[0].Number, have.Rules[0].Raised, is.number, is.raised)
			}
			if have.Rules[0].Case != "" {
				s.call(http.MethodGet, "/v1/cases/"+have.Rules[0].Case, nil, nil)
			}
		}
	}
	var count struct{ Count int }
	s.call(http.MethodGet, "/v1/cases/count?source=sensor", nil, &count)
	if n := count.Count; n != sum || sum == 0 || len(list.Sensors) != parts {
		t.Errorf("%d cases of %d sensors, want %d of %d", n, len(list.Sensors), sum, parts)
	}
	t.Logf("%d batches, %d cases", acked, sum)
}
