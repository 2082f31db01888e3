package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/cases/rows"
	"github.com/gewu-city/gewu/data"
)

// MaxDepth is how many tables may inherit from each other in a row.
const MaxDepth = 8

// The members of a file, as TOML has them.
type (
	document struct {
		Name       string                        `toml:"name"`
		Version    int                           `toml:"version"`
		Title      data.Title                    `toml:"title"`
		Inherits   string                        `toml:"inherits,omitempty"`
		Drop       []string                      `toml:"drop,omitempty"`
		Posts      map[string]data.Title         `toml:"posts"`
		Clocks     map[string]clockRow           `toml:"clocks"`
		Fields     map[string]fieldRow           `toml:"fields"`
		Marks      map[string]data.Title         `toml:"marks"`
		Counts     map[string]data.Title         `toml:"counts"`
		States     map[string]stateRow           `toml:"states"`
		Actions    map[string]data.Title         `toml:"actions"`
		Steps      map[string]map[string]stepRow `toml:"steps"`
		Requests   map[string]requestRow         `toml:"requests"`
		Separation map[string]separationRow      `toml:"separation"`
	}
	clockRow struct {
		Title   data.Title `toml:"title"`
		Limit   string     `toml:"limit"`
		ByClass bool       `toml:"by_class"`
	}
	fieldRow struct {
		Title   data.Title            `toml:"title"`
		Type    string                `toml:"type"`
		Choices map[string]data.Title `toml:"choices"`
	}
	stateRow struct {
		Title  data.Title `toml:"title"`
		Owner  []string   `toml:"owner"`
		Final  bool       `toml:"final"`
		Public string     `toml:"public"`
	}
	stepRow struct {
		To       string            `toml:"to"`
		Posts    []string          `toml:"posts"`
		Guards   []string          `toml:"guards"`
		Require  []string          `toml:"require"`
		Optional []string          `toml:"optional"`
		Clocks   map[string]string `toml:"clocks"`
		Unit     string            `toml:"unit"`
		Task     bool              `toml:"task"`
		Untask   bool              `toml:"untask"`
		Mark     string            `toml:"mark"`
		Unmark   string            `toml:"unmark"`
		Count    string            `toml:"count"`
		Notify   []string          `toml:"notify"`
		Snapshot bool              `toml:"snapshot"`
		Split    bool              `toml:"split"`
	}
	requestRow struct {
		Title    data.Title        `toml:"title"`
		States   []string          `toml:"states"`
		Posts    []string          `toml:"posts"`
		Decide   [][]string        `toml:"decide"`
		Guards   []string          `toml:"guards"`
		Require  []string          `toml:"require"`
		Optional []string          `toml:"optional"`
		To       string            `toml:"to"`
		Clocks   map[string]string `toml:"clocks"`
		Mark     string            `toml:"mark"`
	}
	separationRow struct {
		Did            []string `toml:"did"`
		Never          []string `toml:"never"`
		ByOrganisation bool     `toml:"by_organisation"`
	}
)

// depth is how many keys lie above the members of a row in a section: what a file says of a row is said member by
// member, and a member that it gives takes the place of the whole one.
var depth = map[string]int{
	"clocks": 1, "fields": 1, "states": 1, "requests": 1, "separation": 1, "steps": 2,
	"marks": 0, "counts": 0, "actions": 0, "posts": 0,
}

// Texts finds the text of a table by its name; the error of one that does not exist wraps [fs.ErrNotExist].
type Texts func(name string) (file, text string, err error)

// FromFS finds tables in files NAME/process.toml.
func FromFS(fsys fs.FS) Texts {
	return func(name string) (string, string, error) {
		file := name + "/process.toml"
		text, err := fs.ReadFile(fsys, file)
		return file, string(text), err
	}
}

// Load reads a table with those that it inherits from, and checks it. Posts are the posts that exist. The error is a
// *[rows.Error] or several joined, unless a text cannot be found.
func Load(texts Texts, name string, posts []string) (*Table, error) {
	merged, from, err := gather(texts, name)
	if err != nil {
		return nil, err
	}
	text, err := encode(merged)
	if err != nil {
		return nil, fmt.Errorf("process %s: %w", name, err)
	}
	var doc document
	if _, err := toml.Decode(text, &doc); err != nil {
		return nil, fmt.Errorf("process %s: %w", name, err)
	}
	return build(&doc, from, posts)
}

// Text is the table as one TOML document that inherits from nothing: what is kept of a version, because a base may
// change later.
func Text(texts Texts, name string) (string, error) {
	merged, _, err := gather(texts, name)
	if err != nil {
		return "", err
	}
	return encode(merged)
}

func encode(merged map[string]any) (string, error) {
	var b bytes.Buffer
	e := toml.NewEncoder(&b)
	e.Indent = ""
	err := e.Encode(merged)
	return b.String(), err
}

// gather reads the chain of tables, base first, and lays each over the one before.
func gather(texts Texts, name string) (map[string]any, *rows.Source, error) {
	type part struct {
		file, text string
		members    map[string]any
	}
	var chain []part
	var seen []string
	for next := name; next != ""; {
		if slices.Contains(seen, next) || len(seen) == MaxDepth {
			return nil, nil, &rows.Error{File: chain[len(chain)-1].file, FieldError: data.FieldError{
				Field: "inherits", Value: next, Why: fmt.Sprintf("goes round in a circle or over %d tables: %s", MaxDepth, strings.Join(seen, " ← ")),
			}}
		}
		file, text, err := texts(next)
		if errors.Is(err, fs.ErrNotExist) && len(chain) > 0 {
			return nil, nil, &rows.Error{File: chain[len(chain)-1].file, FieldError: data.FieldError{Field: "inherits", Value: next, Why: "there is no such table"}}
		}
		if err != nil {
			return nil, nil, fmt.Errorf("process %s: %w", next, err)
		}
		members, inherits, err := decodeOne(file, text)
		if err != nil {
			return nil, nil, err
		}
		chain, seen = append(chain, part{file, text, members}), append(seen, next)
		next = inherits
	}
	from, merged := &rows.Source{}, map[string]any{}
	for _, p := range slices.Backward(chain) {
		from.Read(p.file, p.text)
		if err := lay(merged, p.members, from); err != nil {
			return nil, nil, err
		}
	}
	delete(merged, "inherits")
	delete(merged, "drop")
	return merged, from, nil
}

// decodeOne reads one file and sees that it has no members that nobody knows.
func decodeOne(file, text string) (members map[string]any, inherits string, err error) {
	var doc document
	if err := rows.Decode(file, text, &doc); err != nil {
		return nil, "", err
	}
	_, err = toml.Decode(text, &members)
	return members, doc.Inherits, err
}

// lay puts the members of a file over those of the files that it inherits from, after taking away what it drops.
func lay(under, over map[string]any, from *rows.Source) error {
	drops, _ := over["drop"].([]any)
	for _, d := range drops {
		path, _ := d.(string)
		if !drop(under, strings.Split(path, ".")) {
			return from.Fault("", "drop", path, "there is no such row to drop")
		}
	}
	for key, value := range over {
		if d, ok := depth[key]; ok {
			rows, _ := value.(map[string]any)
			have, _ := under[key].(map[string]any)
			under[key] = layRows(have, rows, d)
			continue
		}
		under[key] = value
	}
	return nil
}

func layRows(under, over map[string]any, depth int) map[string]any {
	if under == nil {
		under = map[string]any{}
	}
	for key, value := range over {
		rows, isRows := value.(map[string]any)
		have, _ := under[key].(map[string]any)
		if depth > 0 && isRows {
			under[key] = layRows(have, rows, depth-1)
			continue
		}
		under[key] = value
	}
	return under
}

func drop(rows map[string]any, path []string) bool {
	value, ok := rows[path[0]]
	if !ok {
		return false
	}
	if len(path) == 1 {
		delete(rows, path[0])
		return true
	}
	below, ok := value.(map[string]any)
	return ok && drop(below, path[1:])
}
