package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones of attributes work on machines without a zone database

	"github.com/alecthomas/kong"

	"github.com/gewu-city/gewu/cmd/gewu/audit"
	"github.com/gewu-city/gewu/cmd/gewu/casecmd"
	"github.com/gewu-city/gewu/cmd/gewu/clock"
	"github.com/gewu-city/gewu/cmd/gewu/coords"
	"github.com/gewu-city/gewu/cmd/gewu/define"
	"github.com/gewu-city/gewu/cmd/gewu/directory"
	"github.com/gewu-city/gewu/cmd/gewu/jobcmd"
	"github.com/gewu-city/gewu/cmd/gewu/logins"
	"github.com/gewu-city/gewu/cmd/gewu/persons"
	"github.com/gewu-city/gewu/cmd/gewu/places"
	"github.com/gewu-city/gewu/cmd/gewu/planning"
	"github.com/gewu-city/gewu/data/convert"
	"github.com/gewu-city/gewu/grid/coverage/check"
	"github.com/gewu-city/gewu/internal/obs"
)

// cli is the whole command line. Flags, environment variables (GEWU_DATA…) and the configuration file have the same
// names; a flag wins over the environment, which wins over the file.
type cli struct {
	Config    kong.ConfigFlag `help:"Configuration file (TOML) with the names of flags as keys." placeholder:"FILE" type:"path"`
	Data      string          `help:"Folder that holds the city." default:"./gewu-data" placeholder:"DIR" env:"GEWU_DATA"`
	Store     string          `help:"Where changes are kept: bolt, a file in the data folder." default:"bolt" env:"GEWU_STORE"`
	Systems   []string        `help:"Files of control points (gewu crs fit -o) that define the city's own coordinate systems by name." placeholder:"FILE,…" type:"path" env:"GEWU_SYSTEMS"`
	MasterKey string          `help:"File with the key that wraps the keys of persons (32 bytes in hexadecimal); master.key in the data folder when it is not given. GEWU_MASTER_SECRET may hold the key itself." placeholder:"FILE" type:"path" env:"GEWU_MASTER_KEY"`
	LogLevel  slog.Level      `help:"Least level of log lines: debug, info, warn, error." default:"info" env:"GEWU_LOG_LEVEL"`

	Serve      serveCmd          `cmd:"" help:"Serve the city: map, API and tiles."`
	Demo       demoCmd           `cmd:"" help:"Load the sample city Taipei and serve it."`
	Layer      define.Layer      `cmd:"" help:"Create, alter, drop and list layers."`
	Scheme     define.Scheme     `cmd:"" help:"Create, drop and list schemes of cells."`
	Dictionary define.Dictionary `cmd:"" help:"Dictionaries of codes: create, alter, drop, list and show them."`
	People     peopleCmd         `cmd:"" help:"Who works for the city: organisations, posts and staff. Personal data: erase persons, see who is due, look after readings in an emergency."`
	Cell       cellCmd           `cmd:"" help:"Cards and totals of cells."`
	Grid       planning.Grid     `cmd:"" help:"Planning: check a scheme or a file of cells, draw grids."`
	Import     importCmd         `cmd:"" help:"Stream files into a layer."`
	Job        jobcmd.Job        `cmd:"" help:"Long work: list it, show, wait for and cancel a job."`
	Export     exportCmd         `cmd:"" help:"Write a layer to a file."`
	CRS        coords.CRS        `cmd:"" name:"crs" help:"Coordinate systems: list, convert points, fit the city's own grid."`
	Code       coords.Code       `cmd:"" help:"National codes: check what they say, compose new ones."`
	History    historyCmd        `cmd:"" help:"What happened to a feature, the newest change first."`
	Revert     revertCmd         `cmd:"" help:"Turn one entry of the log around."`
	Plan       planCmd           `cmd:"" help:"Changes that are planned for a time to come."`
	Locate     locateCmd         `cmd:"" help:"Find the areas, cells, address and parts of points."`
	Geocode    places.Geocode    `cmd:"" help:"Find the places that texts mean: addresses, crossings, landmarks, words that say where."`
	Process    casecmd.Process   `cmd:"" help:"How cases move: list, print and check processes and the profiles that they belong to."`
	Calendar   casecmd.Calendar  `cmd:"" help:"Working calendars: list and print them, change one or add a version while the city works."`
	Case       casecmd.Case      `cmd:"" help:"Cases: list and show them, begin one, move one on, ask who would get one."`
	Synth      synthCmd          `cmd:"" help:"Make a synthetic city of any size."`
	Check      checkCmd          `cmd:"" help:"Verify the store and everything derived from it."`
	Backup     backupCmd         `cmd:"" help:"Write a consistent copy of the store, also while serving."`
	Restore    restoreCmd        `cmd:"" help:"Put a backup into an empty or stopped store."`
	Compact    compactCmd        `cmd:"" help:"Erase the history that retention does not keep, and return free space."`
	Rebuild    rebuildCmd        `cmd:"" help:"Make something that is derived from the log anew."`
	User       logins.User       `cmd:"" help:"Accounts: list, add, invite, disable, reset, remove them."`
	Key        logins.Key        `cmd:"" help:"API keys: list, create, revoke them."`
	Clock      clock.Clock       `cmd:"" help:"What time it is in the city; move the clock of a server that runs with --clock virtual."`
	Audit      audit.Audit       `cmd:"" help:"Who did or read what, when and from where."`
	Bench      benchCmd          `cmd:"" help:"Measure the engine on the city's own data."`
	Version    versionCmd        `cmd:"" help:"Print the version."`
}

// peopleCmd are the commands about those who work for the city, and about those of whom it knows.
type peopleCmd struct {
	directory.People
	persons.Commands
}

// store is the file of the city.
func (c *cli) store() string { return filepath.Join(c.Data, storeFile) }

// env is what a command gets besides its flags.
type env struct {
	ctx    context.Context //nolint:containedctx // lives as long as one command
	cli    *cli
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
	// geocoder says that a city which the command opens itself must find places by their names.
	geocoder bool
	// cases says that it must have its cases.
	cases bool
}

// errFailed ends a command that has already said what is wrong.
var errFailed = errors.New("failed")

// listed is a list in words.
func listed(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// execute parses args and runs one command. It returns the exit code: 0 done, 1 failed, 2 wrong usage.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] == "help" { // gewu help case list is gewu case list --help
		args = append(slices.Clone(args[1:]), "--help")
	}
	var c cli
	code, exited := 0, false
	parser, err := kong.New(&c,
		kong.Name("gewu"),
		kong.Description("gewu 格物: a city's spatial engine. Start with: gewu demo"),
		kong.Vars{"formats": listed(convert.Formats()), "exports": listed(convert.ExportFormats()), "sliver": fmt.Sprint(check.SliverWidth)},
		kong.Writers(stdout, stderr),
		kong.Exit(func(n int) { code, exited = n, true }),
		kong.Configuration(loadTOML),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		// Longitudes west of Greenwich start with a hyphen.
		kong.WithHyphenPrefixedParameters(true),
	)
	if err != nil {
		fmt.Fprintln(stderr, "gewu:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exited {
		return code
	}
	if err != nil {
		fmt.Fprintln(stderr, "gewu:", err)
		if _, ok := errors.AsType[*kong.ParseError](err); ok {
			fmt.Fprintf(stderr, "Run \"gewu --help\" for the commands and flags.\n")
		}
		return 2
	}
	e := &env{ctx: ctx, cli: &c, stdin: stdin, stdout: stdout, stderr: stderr, log: obs.NewLogger(stderr, c.LogLevel)}
	if c.Store != "bolt" {
		fmt.Fprintf(stderr, "gewu: --store %q: this version keeps the city in a bolt file only\n", c.Store)
		return 2
	}
	if err := command.Run(e, definer(e), directoryOf(e), worker(e), finder(e), coordinator(e), keeper(e), guardian(e), gridder(e), requester(e), auditor(e), timekeeper(e), caser(e)); err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(stderr, "gewu:", err)
		}
		return 1
	}
	return 0
}

type versionCmd struct{}

// Run prints version, revision and Go version.
func (versionCmd) Run(e *env) error {
	b := obs.ReadBuild()
	_, err := fmt.Fprintf(e.stdout, "gewu %s %s %s\n", b.Version, b.Revision, b.Go)
	return err
}
