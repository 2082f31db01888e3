package planning_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cmd/gewu/planning"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := env("", &out, &out)
	answer, asked := "", ""
	e.Ask = func(path string, query url.Values, v any) error {
		asked = path + "?" + query.Encode()
		return json.Unmarshal([]byte(answer), v)
	}
	answer = `{"fine":"village","coarse":"fire","fine_cells":2,"coarse_cells":1,"groups":[{"coarse":"F1","fine":["v1","v2"],"covered":0.98,"heads":["chief"],"deputies":["elder"]}],"exceptions":[],"matrix":[{"fine":"v1","coarse":"F1","area_m2":5,"of_fine":1,"of_coarse":0.5}]}`
	cmd := planning.Reconcile{Fine: "village", Coarse: "fire", At: "2026-01-01"}
	if err := cmd.Run(e); err != nil || asked != "/v1/schemes/village/reconcile?at=2026-01-01&with=fire" {
		t.Error(err, asked)
	}
	for _, want := range []string{"F1      98.0 %   v1 v2  chief  elder", "2 cells of village on 1 of fire: 0 exceptions"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	out.Reset()
	cmd.CSV = true
	if err := cmd.Run(e); err != nil || !strings.Contains(out.String(), "v1,F1,5,1,0.5\n") {
		t.Error(err, &out)
	}
	answer = `{"exceptions":[{"fine":"v3","coarse":"","offending_m2":12.5,"nobodys_m2":12.5,"share":0}]}`
	cmd.CSV = false
	out.Reset()
	if err := cmd.Run(e); !errors.Is(err, errDefects) || !strings.Contains(out.String(), "v3         –") {
		t.Error(err, &out)
	}
	cmd.JSON = true
	if err := cmd.Run(e); !errors.Is(err, errDefects) {
		t.Error(err)
	}
}
