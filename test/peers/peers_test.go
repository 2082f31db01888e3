package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	// The program under test starts itself as a peer, and here that is this binary.
	if ran, err := runChild(); ran {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestSmoke runs every measurement over small cities, so that none of them can rot. It judges no speed.
func TestSmoke(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the program many times")
	}
	var out, log bytes.Buffer
	if err := run(t.Context(), []string{"-short", "-postgres", "never"}, &out, &log); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	table := out.String()
	for _, want := range []string{"| 1 |", "| 2 |", "| 3 |", "| 4 |", "| 5 |", "| 6 |", "| 7 |", "| 8 |", "| 9 |", "| 10 |", "| 11 |", "| 12 |", "| 13 |", "| 14 |", "| 17 |", "| 18 |", "| 1, 5, 12 |", "net/http", "bbolt", "rtree", "\n| homophone | "} {
		if !strings.Contains(table, want) {
			t.Errorf("the table has no %q:\n%s", want, table)
		}
	}
	if strings.Contains(table, "NaN") || strings.Contains(table, "Inf") {
		t.Errorf("the table has figures that are none:\n%s", table)
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-run locate,nothing", "known are locate, join"},
		{"-postgres maybe", "auto, always or never"},
		{"more", "unexpected argument"},
		{"-rounds x", "invalid value"},
	} {
		if _, err := parse(strings.Fields(test.args), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.args, err)
		}
	}
	o, err := parse([]string{"-run", "join", "-growth", "scale-10k,scale-1m"}, &bytes.Buffer{})
	if err != nil || len(o.growth) != 2 || o.run[0] != "join" || o.rounds != 5 {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestReport lets two contestants with known figures take turns.
func TestReport(t *testing.T) {
	r := &rig{ctx: t.Context(), log: &bytes.Buffer{}, options: options{rounds: 3}}
	turns := ""
	fixed := func(name string, values ...float64) func() ([]float64, error) {
		n := 0
		return func() ([]float64, error) {
			turns += name
			n++
			return []float64{values[n-1], math.NaN()}, nil
		}
	}
	if err := r.contest(contest{"7", "digging", []metric{
		{name: "holes", unit: "/s", goals: []goal{{atLeast: 15}, {than: "spade", atLeast: 3}, {than: "absent", atLeast: 9}}},
		{name: "depth", unit: "m"},
	}, []contestant{{"digger", fixed("d", 10, 20, 30)}, {"spade", fixed("s", 5, 20, 10)}}}); err != nil {
		t.Fatal(err)
	}
	if turns != "dssdds" {
		t.Errorf("turns were taken as %s", turns)
	}
	table := r.report.markdown()
	for _, want := range []string{
		"| 7 | digging: holes | digger | 20.0 /s (10.0 … 30.0) |  | ≥ 15.0: met; ≥ 3.00 × spade: **missed by 1.50×** |",
		"|  |  | spade | 10.0 /s (5.00 … 20.0) | 2.00× (1.00 … 3.00) |  |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no line %s in\n%s", want, table)
		}
	}
	if strings.Contains(table, "depth") {
		t.Error("a figure that nobody has is shown")
	}
	failing := contestant{"rake", func() ([]float64, error) { return nil, fmt.Errorf("broken") }}
	if err := r.contest(contest{"7", "raking", nil, []contestant{failing}}); err == nil || !strings.Contains(err.Error(), "raking: rake: broken") {
		t.Errorf("a broken contestant: %v", err)
	}
}

// TestTurnsDiffer makes sure that a wrong peer is noticed before anything is measured.
func TestTurnsDiffer(t *testing.T) {
	if err := sameCounts(map[string]int{"a": 1}, map[string]int{"a": 2}, "peer"); err == nil {
		t.Error("different counts pass")
	}
	town, err := newTown("scale-10k")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{ctx: t.Context(), log: &bytes.Buffer{}, options: options{rounds: 1}, town: town}
	// Shift one cell of the plain tree away: the check must find it.
	if _, err := r.theWorld(); err != nil {
		t.Fatal(err)
	}
	town.cells[0].shape = town.cells[1].shape
	if err := r.locate(); err == nil || !strings.Contains(err.Error(), "lies in") {
		t.Errorf("a peer with a wrong cell: %v", err)
	}
}
