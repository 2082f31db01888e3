package coords

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/grid/code"
)

// Code is gewu code.
type Code struct {
	Check   checkCmd   `cmd:"" help:"Read codes of a kind and say what they mean, or what is wrong with them and where."`
	Compose composeCmd `cmd:"" help:"Make codes of unit grids and parts, by number or the next that are free in a layer."`
}

type composeCmd struct {
	Kind   string            `arg:"" help:"cell or part; or the code rule of a scheme, such as \"zone:2 block:3\", with the value of each group."`
	Values map[string]string `arg:"" optional:"" help:"Values of the groups of a rule: zone=1 block=7." placeholder:"GROUP=VALUE"`
	In     string            `help:"Code of the community of a unit grid, or of the district of a part." placeholder:"CODE"`
	Class  string            `help:"Class of a part: 4 digits in the edition of 2013, 5 in that of 2026." placeholder:"CODE"`
	Number []int             `help:"Number of the code; several give several codes." placeholder:"N,…"`
	Layer  string            `help:"Instead of a number: the layer of the city whose ids are such codes, for the next that none of its features has or ever had." placeholder:"NAME"`
	Count  int               `help:"With --layer: how many codes." default:"1" placeholder:"N"`
}

// Run prints a code on each line.
func (cmd *composeCmd) Run(e *Env) error {
	kind := code.Kind(cmd.Kind)
	if len(kind.Forms()) == 0 {
		r, err := ruleOf(cmd.Kind)
		if err != nil {
			return err
		}
		text, err := r.Compose(cmd.Values)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.Stdout, text)
		return err
	}
	series, err := code.NewSeries(kind, cmd.In, cmd.Class)
	switch {
	case err != nil:
		return err
	case len(cmd.Values) > 0:
		return errors.New("groups with values are for a code rule; cell and part take --in, --class and --number")
	case (len(cmd.Number) > 0) == (cmd.Layer != ""):
		return errors.New("say --number, or --layer for the next that is free in a layer")
	case cmd.Layer != "":
		var answer struct{ Codes []string }
		query := url.Values{"in": {cmd.In}, "layer": {cmd.Layer}, "count": {strconv.Itoa(cmd.Count)}}
		if cmd.Class != "" {
			query.Set("class", cmd.Class)
		}
		if err := e.Ask("/v1/codes/"+cmd.Kind, query, &answer); err != nil {
			return err
		}
		_, err := fmt.Fprintln(e.Stdout, strings.Join(answer.Codes, "\n"))
		return err
	}
	for _, n := range cmd.Number {
		text, err := series.Code(n)
		if err != nil {
			return err
		}
		fmt.Fprintln(e.Stdout, text)
	}
	return nil
}

type checkCmd struct {
	Kind  string   `arg:"" help:"district, street, community, cell, part, matter or class; or the code rule of a scheme, such as \"zone:2 block:3\"."`
	Codes []string `arg:"" optional:"" help:"Codes. Without any, standard input has one a line."`
}

// Run prints a line for each code that is in order and fails if one is not.
func (cmd *checkCmd) Run(e *Env) error {
	parse, err := cmd.parser()
	if err != nil {
		return err
	}
	n, failed := 0, 0
	check := func(text string) {
		n++
		c, err := parse(text)
		if err != nil {
			failed++
			fmt.Fprintln(e.Stderr, err)
			return
		}
		var groups []string
		for _, f := range c.Fields() {
			groups = append(groups, f.Name+" "+f.Text)
		}
		if canonical := c.Canonical().Text; canonical != c.Text {
			groups = append(groups, "the same as "+canonical)
		}
		fmt.Fprintf(e.Stdout, "%s: %s\n", c.Text, strings.Join(groups, ", "))
	}
	for _, text := range cmd.Codes {
		check(text)
	}
	if len(cmd.Codes) == 0 {
		lines := bufio.NewScanner(e.Stdin)
		for lines.Scan() {
			if text := strings.TrimSpace(lines.Text()); text != "" {
				check(text)
			}
		}
		if err := lines.Err(); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d codes are wrong", failed, n)
	}
	return nil
}

// parser reads codes of a kind, or by a rule.
func (cmd *checkCmd) parser() (func(string) (code.Code, error), error) {
	if kind := code.Kind(cmd.Kind); len(kind.Forms()) > 0 {
		return func(text string) (code.Code, error) { return code.Parse(kind, text) }, nil
	}
	r, err := ruleOf(cmd.Kind)
	return r.Parse, err
}

// ruleOf is the rule that stands in place of a kind.
func ruleOf(text string) (code.Rule, error) {
	r, err := code.ParseRule(text)
	if err != nil {
		var kinds []string
		for _, k := range code.Kinds() {
			kinds = append(kinds, string(k))
		}
		return r, fmt.Errorf("%q is no kind of code (%s) and no rule: %w", text, strings.Join(kinds, ", "), err)
	}
	return r, nil
}
