package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gewu-city/gewu/test/peers/proc"
)

// options are the flags.
type options struct {
	run      []string
	rounds   int
	round    time.Duration
	short    bool
	postgres string // auto, never, always
	gewu     string
	preset   string
	city     string
	growth   []string
	out      string
}

// measurement is one contest or a few that share their preparation.
type measurement struct {
	name    string
	budgets string
	about   string
	run     func(r *rig) error
}

// measurements in the order in which they run: what needs no server first.
func measurements() []measurement {
	return []measurement{
		{"locate", "1", "point → cell, in process", (*rig).locate},
		{"join", "2", "parts joined to cells", (*rig).join},
		{"nearest", "5", "10 nearest parts, in process and in PostGIS", (*rig).nearest},
		{"answer", "3", "GET /v1/locate", (*rig).answer},
		{"batch", "4", "POST /v1/locate", (*rig).batch},
		{"tile", "9", "a cached tile beside static bytes", (*rig).tile},
		{"tiles", "6, 7", "tiles that are drawn, beside ST_AsMVT", (*rig).tiles},
		{"refresh", "8", "an edit until its tile is named and drawn anew", (*rig).refresh},
		{"edits", "13", "durable single edits, and reads meanwhile", (*rig).edits},
		{"feed", "18", "clients of the live feed", (*rig).feed},
		{"import", "11, 12", "durable import, import again, start", (*rig).imports},
		{"geocode", "10", "texts → doors, beside pg_trgm and bleve", (*rig).geocode},
		{"coverage", "14, 17", "cells checked and joined, beside PostGIS and GEOS", (*rig).coverage},
		{"growth", "1, 5, 12", "the same for growing cities", (*rig).growth},
	}
}

func main() {
	// The same program serves as a peer in a process of its own.
	if ran, err := runChild(); ran {
		exit(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	exit(err)
}

func exit(err error) {
	switch {
	case err == nil:
		os.Exit(0)
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "peers:", err)
	os.Exit(1)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	r, err := newRig(ctx, o, stderr)
	if err != nil {
		return err
	}
	defer r.close()
	r.say("%s", proc.Machine())
	for _, m := range measurements() {
		if len(o.run) > 0 && !slices.Contains(o.run, m.name) {
			continue
		}
		r.say("== %s: %s (budget %s)", m.name, m.about, m.budgets)
		if err := m.run(r); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	text := r.report.markdown()
	if o.out != "" {
		return os.WriteFile(o.out, []byte(text), 0o600)
	}
	_, err = io.WriteString(stdout, text)
	return err
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only, growth string
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&only, "run", "", "measurements to run, separated by commas; all when empty")
	f.IntVar(&o.rounds, "rounds", 5, "rounds of each contest")
	f.DurationVar(&o.round, "round", 2*time.Second, "length of one turn of one contestant")
	f.BoolVar(&o.short, "short", false, "small cities and short rounds, to see that everything works")
	f.StringVar(&o.postgres, "postgres", "auto", "auto skips PostGIS where it is missing, always fails, never leaves it out")
	f.StringVar(&o.gewu, "gewu", "", "binary to measure; built from this tree when empty")
	f.StringVar(&o.preset, "preset", "dense-1m", "synthetic city to measure on")
	f.StringVar(&o.city, "city", "", "data folder of the city whose doors geocode asks for; the sample city when empty")
	f.StringVar(&growth, "growth", "scale-10k,scale-100k,scale-1m", "cities of the measurement growth")
	f.StringVar(&o.out, "o", "", "file to write the table to")
	f.Usage = func() {
		fmt.Fprintln(stderr, "Measures gewu beside other engines and prints a table in Markdown. Measurements:")
		for _, m := range measurements() {
			fmt.Fprintf(stderr, "  %-8s %s (budget %s)\n", m.name, m.about, m.budgets)
		}
		fmt.Fprintln(stderr, "Flags:")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	o.growth = strings.Split(growth, ",")
	if only != "" {
		o.run = strings.Split(only, ",")
	}
	var known []string
	for _, m := range measurements() {
		known = append(known, m.name)
	}
	for _, name := range o.run {
		if !slices.Contains(known, name) {
			return o, fmt.Errorf("-run %q: known are %s", name, strings.Join(known, ", "))
		}
	}
	if !slices.Contains([]string{"auto", "always", "never"}, o.postgres) {
		return o, fmt.Errorf("-postgres %q: must be auto, always or never", o.postgres)
	}
	if o.short {
		o.rounds, o.round, o.preset, o.growth = 2, 50*time.Millisecond, "scale-10k", []string{"scale-10k"}
	}
	return o, nil
}
