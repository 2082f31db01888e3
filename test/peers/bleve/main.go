// Command bleve is a peer of the measurement geocode: an index of texts by bleve with its analyser for Chinese, in a
// process of its own, and in a module of its own, because it needs two dozen others.
//
//	bleve FOLDER FILE
//
// It indexes the lines of a file in a folder, which it creates, and prints "ready". Then it answers each line of its
// input with the number of the line that matches best, counted from 0, or -1.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bleve FOLDER FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bleve:", err)
		os.Exit(1)
	}
}

func run(dir, file string, in io.Reader, out io.Writer) (err error) {
	if err := build(dir, file); err != nil {
		return fmt.Errorf("index %s: %w", file, err)
	}
	index, err := bleve.OpenUsing(dir, map[string]any{"read_only": true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, index.Close()) }()
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); ; {
		if !lines.Scan() {
			return lines.Err()
		}
		query := bleve.NewMatchQuery(lines.Text()) // any of the pairs of characters, the rarer the better
		query.SetField("text")
		found, err := index.Search(bleve.NewSearchRequestOptions(query, 1, 0, false))
		if err != nil {
			return err
		}
		best := "-1"
		if len(found.Hits) > 0 {
			best = found.Hits[0].ID
		}
		if _, err := fmt.Fprintln(out, best); err != nil {
			return err
		}
	}
}

// build makes an index of one segment, which is the quickest to search. Texts are not stored, and nothing else is
// indexed.
func build(dir, file string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	text := bleve.NewTextFieldMapping()
	text.Analyzer = cjk.AnalyzerName
	text.Store, text.IncludeInAll, text.IncludeTermVectors, text.DocValues = false, false, false, false
	document := bleve.NewDocumentStaticMapping()
	document.AddFieldMappingsAt("text", text)
	mapping := bleve.NewIndexMapping()
	mapping.DefaultMapping = document
	builder, err := bleve.NewBuilder(dir, mapping, map[string]any{"buildPathPrefix": filepath.Dir(dir)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, builder.Close()) }()
	lines := bufio.NewScanner(f)
	for i := 0; lines.Scan(); i++ {
		if err := builder.Index(strconv.Itoa(i), map[string]any{"text": lines.Text()}); err != nil {
			return err
		}
	}
	return lines.Err()
}
