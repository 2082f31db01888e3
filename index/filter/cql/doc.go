// Package cql reads filters in the Common Query Language (OGC 21-065r2, CQL2), in its text and its JSON encoding, and
// writes them. It knows no layer: [ParseText] and [ParseJSON] make an [Expr], a tree of one form for both encodings, which
// is checked as far as that goes without types of attributes, and brought into a canonical form.
package cql
