package convert

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geo"
)

// errStop ends reading when the caller has left the loop. It never leaves the package.
var errStop = errors.New("convert: stopped")

// builder turns the parts of a row into a feature. The readers of the formats share it.
type builder struct {
	Options
	ctx     context.Context //nolint:containedctx // lives as long as one call of Read
	yield   func(Row) bool
	columns *columns
	// zones and last belong to the attributes. Times and dates repeat from row to row, and reading one costs more
	// than comparing its text.
	zones map[int]*time.Location
	last  []parsed
	// idAttribute is the attribute that holds the id, or -1.
	idAttribute int
	current     current
}

type parsed struct {
	text  string
	value data.Value
}

func newBuilder(ctx context.Context, o Options, yield func(Row) bool) (*builder, error) {
	if o.Layer == nil {
		return nil, errors.New("convert: no layer given")
	}
	b := &builder{Options: o, ctx: ctx, yield: yield, idAttribute: o.Layer.IDAttribute()}
	b.zones = map[int]*time.Location{}
	b.last = make([]parsed, len(o.Layer.Attributes))
	columns, err := newColumns(o)
	if err != nil {
		return nil, err
	}
	b.columns = columns
	return b, nil
}

// parse reads the text of attribute i.
func (b *builder) parse(i int, text string) (data.Value, *data.FieldError) {
	a := &b.Layer.Attributes[i]
	if a.Type.IsText() {
		if text == "" {
			return data.Value{}, nil
		}
		return data.TextValue(a.Type, text), nil
	}
	last := &b.last[i]
	if last.text == text {
		return last.value, nil
	}
	v, err := data.ParseValue(a.Type, text, b.zone(i))
	if err != nil {
		// The error starts with the whole text, which may be long; the field error holds the value itself.
		why := strings.TrimPrefix(err.Error(), strconv.Quote(text)+" ")
		return v, &data.FieldError{Field: a.Name, Value: text, Why: why}
	}
	*last = parsed{text, v}
	return v, nil
}

// zone is the zone of attribute i, which costs a file to find out.
func (b *builder) zone(i int) *time.Location {
	if b.Layer.Attributes[i].Zone == "" {
		return nil
	}
	zone, ok := b.zones[i]
	if !ok {
		zone = b.Layer.Attributes[i].Location()
		b.zones[i] = zone
	}
	return zone
}

// finish completes a feature: it finds the id, fills the attribute that holds it and checks the result.
func (b *builder) finish(id string, shape geo.Shape, values []data.Value) (data.Feature, *data.FieldError) {
	f := data.Feature{ID: id, Shape: shape, Values: values}
	if err := complete(b.Layer, b.idAttribute, &f, b.NewID); err != nil {
		return f, err
	}
	return f, checkFeature(b.Layer, &f)
}

// complete gives a feature its id and the id attribute its value, each from the other when it is missing.
func complete(l *data.Layer, idAttribute int, f *data.Feature, newID func() (string, error)) *data.FieldError {
	if f.ID == "" && idAttribute >= 0 {
		f.ID = f.Value(idAttribute).String()
	}
	if f.ID == "" {
		switch {
		case l.ID.Generate == "hash":
			f.ID = hashID(f)
		case idAttribute < 0 && l.ID.Pattern == "" && newID != nil:
			id, err := newID()
			if err != nil {
				return &data.FieldError{Field: "id", Why: err.Error()}
			}
			f.ID = id
		case idAttribute >= 0:
			return &data.FieldError{Field: l.Attributes[idAttribute].Name, Why: "is missing; it holds the id"}
		}
	}
	if idAttribute >= 0 && f.ID != "" && f.Value(idAttribute).Null() {
		a := l.Attributes[idAttribute]
		v, err := data.ParseValue(a.Type, f.ID, a.Location())
		if err != nil {
			return &data.FieldError{Field: a.Name, Value: f.ID, Why: "cannot hold the id: must be " + string(a.Type)}
		}
		for len(f.Values) <= idAttribute {
			f.Values = append(f.Values, data.Value{})
		}
		f.Values[idAttribute] = v
	}
	return nil
}

// checkFeature is Layer.Check with its own error type.
func checkFeature(l *data.Layer, f *data.Feature) *data.FieldError {
	err := l.Check(f)
	if err == nil {
		return nil
	}
	if field, ok := errors.AsType[*data.FieldError](err); ok {
		return field
	}
	return &data.FieldError{Why: err.Error()}
}
