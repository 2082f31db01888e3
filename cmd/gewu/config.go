package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// tomlResolver gives flags their values from a configuration file. Keys are the names of flags, either at the top
// or in a table with the command's name ("[serve]").
type tomlResolver struct{ values map[string]any }

// loadTOML reads a configuration file.
func loadTOML(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if _, err := toml.NewDecoder(r).Decode(&values); err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return tomlResolver{values}, nil
}

// Validate refuses keys that no flag has.
func (t tomlResolver) Validate(app *kong.Application) error {
	known := map[string][]string{"": flagNames(app.Node)}
	for _, command := range app.Leaves(false) {
		path := strings.TrimPrefix(command.FullPath(), app.Name+" ")
		top, _, _ := strings.Cut(path, " ")
		known[top] = append(known[top], flagNames(command)...)
		known[""] = append(known[""], flagNames(command)...)
	}
	for key, value := range t.values {
		table, ok := value.(map[string]any)
		if !ok {
			if !slices.Contains(known[""], key) {
				return fmt.Errorf("configuration file: unknown key %q", key)
			}
			continue
		}
		for inner := range table {
			if !slices.Contains(known[key], inner) {
				return fmt.Errorf("configuration file: unknown key %q in [%s]", inner, key)
			}
		}
	}
	return nil
}

func flagNames(n *kong.Node) []string {
	var names []string
	for _, f := range n.Flags {
		names = append(names, f.Name)
	}
	return names
}

// Resolve finds the value of a flag, in the command's table first.
func (t tomlResolver) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if parent.Command != nil {
		if table, ok := t.values[parent.Command.Name].(map[string]any); ok {
			if v, ok := table[flag.Name]; ok {
				return v, nil
			}
		}
	}
	v := t.values[flag.Name]
	if _, isTable := v.(map[string]any); isTable {
		return nil, nil
	}
	return v, nil
}
