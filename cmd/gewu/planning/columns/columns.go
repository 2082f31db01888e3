// Package columns finds out whether the sources of a command have the columns that its flags name, and names those that there
// are when one is missing.
package columns

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/convert"
)

// Column is a column that is asked for, and what its values are. One without a name is not asked for.
type Column struct {
	Name string
	Kind data.Type
}

// Wanted is the attribute of the i-th column that is asked for: a name that no column of a file has by chance.
func Wanted(i int) string { return "wanted_" + strconv.Itoa(i) }

// Look is what is known of the columns of one source while it is read. It belongs to one goroutine.
type Look struct {
	// Map are the attributes by their columns, for the reader, which fills Report for each file.
	Map    map[string]string
	Report convert.Report
	// Failed is the first error of whoever takes the features. It is not told before the columns are known: a row that lacks a
	// value says less than that the column is not there.
	Failed error
	// Known tells that the columns are those of a layer, which was asked for them.
	Known bool

	source, id string
	// same tells of each column which one before it has its name, or -1: they share its value.
	same []int
	// nameless are the rows without an id, as long as no row had one.
	nameless []*convert.RowError
	named    bool
}

// New begins to look at a source, of which id is the column with the ids, if there is one. It fails when one column is asked for
// as two things.
func New(source, id string, want []Column) (*Look, error) {
	l := &Look{source: source, id: id, Map: map[string]string{}}
	for i, c := range want {
		l.same = append(l.same, -1)
		if c.Name == "" {
			continue
		}
		j := slices.IndexFunc(want[:i], func(have Column) bool { return data.FoldName(have.Name) == data.FoldName(c.Name) })
		switch {
		case j < 0:
			l.Map[c.Name] = Wanted(i)
		case want[j].Kind != c.Kind:
			return nil, fmt.Errorf("%s: column %s cannot be %s and %s at once", source, c.Name, want[j].Kind, c.Kind)
		default:
			l.same[i] = j
		}
	}
	return l, nil
}

// missing is the error of a column that is not there, with those that are.
func (l *Look) missing(name string, have []string) error {
	if len(have) == 0 {
		return fmt.Errorf("%s has no column %q; it has none at all", l.source, name)
	}
	return fmt.Errorf("%s has no column %q; its columns are %s", l.source, name, strings.Join(have, ", "))
}

// Layer asks the city what a layer has: values that are all null are in no feature.
func (l *Look) Layer(ask func(path string, query url.Values, out any) error, name string) error {
	if l.Known = true; len(l.Map) == 0 {
		return nil
	}
	var layer struct {
		Attributes []struct {
			Name string `json:"name"`
		} `json:"attributes"`
	}
	if err := ask("/v1/layers/"+url.PathEscape(name), nil, &layer); err != nil {
		return err
	}
	var have []string
	for _, a := range layer.Attributes {
		have = append(have, a.Name)
	}
	for _, column := range slices.Sorted(maps.Keys(l.Map)) {
		if !slices.ContainsFunc(have, func(one string) bool { return data.FoldName(one) == data.FoldName(column) }) {
			return fmt.Errorf("%w (without the option the id of a feature is taken where a code is meant)", l.missing(column, have))
		}
	}
	return nil
}

// mostNameless bounds the rows without an id that wait for one with an id.
const mostNameless = 1000

// Wrong tells of a row that does not fit. Rows without an id wait until one has it.
func (l *Look) Wrong(w io.Writer, err *convert.RowError) {
	if l.id != "" && !l.named && err.Field == l.id && len(l.nameless) < mostNameless {
		l.nameless = append(l.nameless, err)
		return
	}
	fmt.Fprintln(w, err.Error())
}

// Right takes a row that fits.
func (l *Look) Right(w io.Writer, f *data.Feature) {
	l.tell(w)
	for i, j := range l.same {
		if j >= 0 {
			f.Values[i] = f.Values[j]
		}
	}
}

// tell tells of the rows without an id.
func (l *Look) tell(w io.Writer) {
	for _, err := range l.nameless {
		fmt.Fprintln(w, err.Error())
	}
	l.nameless, l.named = nil, true
}

// End tells what is wrong with a file of so many rows: a column that it does not have, else what was said of its features.
func (l *Look) End(w io.Writer, rows int) error {
	have := append(slices.Collect(maps.Keys(l.Report.Matched)), l.Report.Unmatched...)
	slices.Sort(have)
	if len(l.nameless) == rows && rows > 0 && !slices.Contains(have, l.id) {
		return l.missing(l.id, have)
	}
	l.tell(w)
	found := slices.Collect(maps.Values(l.Report.Matched))
	for _, column := range slices.Sorted(maps.Keys(l.Map)) {
		if rows > 0 && !slices.Contains(found, l.Map[column]) {
			return l.missing(column, have)
		}
	}
	return l.Failed
}
