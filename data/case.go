package data

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/data/wire"
)

// casePrefix begins the names of cases in the case stream, so that no case is taken for a layer.
const casePrefix = "case:"

// MaxCaseBytes bounds the body of an event of a case.
const MaxCaseBytes = 256 << 10

// CaseEvent is an event of a case. Events follow each other: the change before of the case is event Number − 1. None is
// ever changed, ended or erased, and only the log holds them: neither Worlds nor checkpoints know of cases.
type CaseEvent struct {
	// Number is the place of the event among those of its case, from 1 on.
	Number int
	// Body is what the packages of cases made of the event; the log does not look into it.
	Body []byte
}

// CaseName is the name of a case in the case stream: "case:ID".
func CaseName(id string) string { return casePrefix + id }

// CutCaseName is the id of a case with a name in the case stream.
func CutCaseName(name string) string { return strings.TrimPrefix(name, casePrefix) }

// checkCase checks an event by itself. The error is a *FieldError.
func (c *Change) checkCase() error {
	id, named := strings.CutPrefix(c.Layer, casePrefix)
	switch {
	case c.Op != OpPut:
		return &FieldError{Field: "op", Value: c.Layer, Why: "must be a put: events of cases stay"}
	case !named:
		return &FieldError{Field: "layer", Value: c.Layer, Why: "must be " + casePrefix + " and the id of the case"}
	case c.Case == nil:
		return &FieldError{Field: "case", Value: c.Layer, Why: "is missing: the event"}
	case c.Case.Number < 1 || c.Case.Number > math.MaxInt32:
		return &FieldError{Field: "number", Value: strconv.Itoa(c.Case.Number), Why: "must be 1 or more"}
	case len(c.Case.Body) == 0 || len(c.Case.Body) > MaxCaseBytes:
		return &FieldError{Field: "body", Value: strconv.Itoa(len(c.Case.Body)), Why: fmt.Sprintf("must have 1 to %d bytes", MaxCaseBytes)}
	}
	return CheckID(id)
}

// appendCase appends the content of an event: its number and its body.
func (c *Change) appendCase(dst []byte) ([]byte, error) {
	if err := c.checkCase(); err != nil {
		return nil, err
	}
	dst = binary.AppendUvarint(dst, uint64(c.Case.Number))
	return append(binary.AppendUvarint(dst, uint64(len(c.Case.Body))), c.Case.Body...), nil
}

// readCase reads what appendCase wrote into a change that has its name.
func readCase(r *wire.Reader, c *Change) error {
	number := r.Uvarint()
	c.Case = &CaseEvent{Number: int(min(number, math.MaxInt32+1)), Body: []byte(r.Text())}
	if r.Bad {
		return nil // reported by the caller
	}
	return c.checkCase()
}

// BehindError says that whoever appends events of cases does not know enough of the log: there may be events of their
// cases behind Known. Reading the log up to Need is enough.
type BehindError struct{ Known, Need Seq }

// Error names both positions.
func (e *BehindError) Error() string {
	return fmt.Sprintf("events of cases are known up to seq %d and must be up to seq %d: read the log, then try again", e.Known, e.Need)
}
