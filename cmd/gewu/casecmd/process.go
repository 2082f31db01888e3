package casecmd

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/profile"
	"github.com/gewu-city/gewu/profiles"
)

// Process are the commands about processes.
type Process struct {
	List     ProcessList     `cmd:"" help:"List the profiles that come along, with their processes."`
	Print    ProcessPrint    `cmd:"" help:"Print the process of a profile as Markdown: states, steps, requests, clocks, fields."`
	Versions ProcessVersions `cmd:"" help:"List the processes of the city in all versions, with how many cases are open under each."`
	Dry      ProcessDry      `cmd:"" help:"Say which open cases would be stuck under a new version of a process."`
	Put      ProcessPut      `cmd:"" help:"Make a new version of a process the one under which cases begin; open cases go on under theirs."`
	Check    ProcessCheck    `cmd:"" help:"Check a profile with all of its files, or a process alone, and print every fault with file, line, row and field."`
}

// ProcessList is gewu process list.
type ProcessList struct{}

// Run prints a table.
func (ProcessList) Run(e *Env) error {
	names, err := profile.Names(profiles.Files)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "PROFILE\tPROCESS\tVERSION\tSTATES\tINHERITS\tSHARED SCHEME\tTITLE")
	for _, name := range names {
		p, err := profile.Load(profiles.Files, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", name, p.Process.Name, p.Process.Version, len(p.Process.States), strings.Join(p.Chain[1:], " ← "), cmp.Or(p.Shared, "-"), p.Title["zh"]+" "+p.Title["en"])
	}
	return t.Flush()
}

// ProcessPrint is gewu process print.
type ProcessPrint struct {
	Profile string `arg:"" help:"Name of a profile that comes along, or a folder with a profile.toml."`
	Lang    string `help:"Language: zh or en." enum:"zh,en" default:"zh"`
}

// Run prints the process.
func (c *ProcessPrint) Run(e *Env) error {
	p, err := Load(c.Profile)
	if err != nil {
		return err
	}
	titles := map[string]data.Title{}
	for _, post := range people.DefaultPosts() {
		titles[post.ID] = post.Title
	}
	for i := range p.Posts {
		titles[p.Posts[i].ID] = p.Posts[i].Title
	}
	return p.Process.Print(e.Stdout, c.Lang, titles)
}

// ProcessCheck is gewu process check.
type ProcessCheck struct {
	What string `arg:"" help:"Name of a profile that comes along, a folder with a profile.toml, or a process.toml."`
}

// Run prints every fault, and what a good profile should still be looked after for.
func (c *ProcessCheck) Run(e *Env) error {
	if info, err := os.Stat(c.What); err == nil && !info.IsDir() {
		return c.file(e)
	}
	fsys, name, err := Profile(c.What)
	if err != nil {
		return err
	}
	p, err := profile.Load(fsys, name)
	if err != nil {
		return e.faulty(err)
	}
	for _, w := range p.Warnings(time.Now()) {
		fmt.Fprintln(e.Stderr, w)
	}
	_, err = fmt.Fprintf(e.Stdout, "%s: in order (%d states, %d organisations and %d staff to play with)\n", name, len(p.Process.States), len(p.Demo.Organisations), len(p.Demo.Staff))
	return err
}

func (e *Env) faulty(err error) error {
	n := e.lines(err)
	fmt.Fprintf(e.Stderr, "%d wrong\n", n)
	return e.Failed
}

// file checks a process by itself, or the profile in whose folder it is.
func (c *ProcessCheck) file(e *Env) error {
	folder := filepath.Dir(c.What)
	if filepath.Base(c.What) != "process.toml" {
		return fmt.Errorf("%s: %w", c.What, errUsage)
	}
	if _, err := os.Stat(filepath.Join(folder, profile.Head)); err == nil {
		return (&ProcessCheck{What: folder + string(filepath.Separator)}).Run(e)
	}
	text, err := os.ReadFile(c.What)
	if err != nil {
		return err
	}
	table, err := readProcess(c.What, string(text))
	if err != nil {
		return e.faulty(err)
	}
	_, err = fmt.Fprintf(e.Stdout, "%s: process %s, version %d, in order (%d states)\n", c.What, table.Name, table.Version, len(table.States))
	return err
}
