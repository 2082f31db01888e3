package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/gewu-city/gewu/grid/code"
)

type codeCmd struct {
	Check codeCheckCmd `cmd:"" help:"Read codes of a kind and say what they mean, or what is wrong with them and where."`
}

type codeCheckCmd struct {
	Kind  string   `arg:"" help:"district, street, community, cell, part, matter or class; or the code rule of a scheme, such as \"zone:2 block:3\"."`
	Codes []string `arg:"" optional:"" help:"Codes. Without any, standard input has one a line."`
}

// Run prints a line for each code that is in order and fails if one is not.
func (cmd *codeCheckCmd) Run(e *env) error {
	parse, err := cmd.parser()
	if err != nil {
		return err
	}
	failed := false
	check := func(text string) {
		c, err := parse(text)
		if err != nil {
			failed = true
			fmt.Fprintln(e.stderr, err)
			return
		}
		var groups []string
		for _, f := range c.Fields() {
			groups = append(groups, f.Name+" "+f.Text)
		}
		if canonical := c.Canonical().Text; canonical != c.Text {
			groups = append(groups, "the same as "+canonical)
		}
		fmt.Fprintf(e.stdout, "%s: %s\n", c.Text, strings.Join(groups, ", "))
	}
	for _, text := range cmd.Codes {
		check(text)
	}
	if len(cmd.Codes) == 0 {
		lines := bufio.NewScanner(e.stdin)
		for lines.Scan() {
			if text := strings.TrimSpace(lines.Text()); text != "" {
				check(text)
			}
		}
		if err := lines.Err(); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

// parser reads codes of a kind, or by a rule.
func (cmd *codeCheckCmd) parser() (func(string) (code.Code, error), error) {
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
