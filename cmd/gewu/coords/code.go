package coords

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/grid/code"
)

// Code is gewu code.
type Code struct {
	Check checkCmd `cmd:"" help:"Read codes of a kind and say what they mean, or what is wrong with them and where."`
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
	r, err := code.ParseRule(cmd.Kind)
	if err != nil {
		var kinds []string
		for _, k := range code.Kinds() {
			kinds = append(kinds, string(k))
		}
		return nil, fmt.Errorf("%q is no kind of code (%s) and no rule: %w", cmd.Kind, strings.Join(kinds, ", "), err)
	}
	return r.Parse, nil
}
