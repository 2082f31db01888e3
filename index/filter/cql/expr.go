package cql

import (
	"errors"
	"unicode/utf8"
)

// Expr is a filter that was read and is well formed. It is immutable and safe for concurrent use.
type Expr struct {
	source string
	root   *Node
	text   string
}

// newExpr parses and checks.
func newExpr(source string, parse func() (*Node, error)) (*Expr, error) {
	root, err := parse()
	if err == nil {
		c := checker{}
		if err = c.check(root, 1); err == nil && root.yields()&Truth == 0 {
			err = Wrong(root, "a filter is a condition, such as height > 5, not %s", root.Describe())
		}
	}
	if err != nil {
		return nil, locate(source, err)
	}
	e := &Expr{source: source, root: tidy(root)}
	e.text = e.root.String()
	return e, nil
}

// locate turns the place of a fault from bytes to characters.
func locate(source string, err error) error {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return err
	}
	return &Error{At: utf8.RuneCountInString(source[:min(f.at, len(source))]) + 1, Why: f.why}
}

// String is the canonical text, which [ParseText] reads with longitudes and latitudes. Filters that are the same up to
// the order of what AND, OR and IN join, repetitions, double negations and the way literals are written have the same.
func (e *Expr) String() string { return e.text }

// JSON is the filter in the JSON encoding, which [ParseJSON] reads.
func (e *Expr) JSON() []byte { return e.root.appendJSON(nil) }

// Root is the tree, whose nodes callers must not change.
func (e *Expr) Root() *Node { return e.root }

// Locate makes an [*Error] of what [Wrong] returned for a node of the filter; other errors stay as they are.
func (e *Expr) Locate(err error) error { return locate(e.source, err) }
