package storetest

import (
	"strings"
	"testing"

	"github.com/gewu-city/gewu/data"
)

// Dictionary is the change that puts a dictionary of codes.
func Dictionary(name string, codes ...string) data.Change {
	d := &data.Dictionary{Name: name, Title: data.Title{"zh": "类"}}
	for _, code := range codes {
		d.Entries = append(d.Entries, data.Term{Code: code})
	}
	return data.Change{Stream: data.StreamDictionary, Op: data.OpPut, Layer: name, Dictionary: d}
}

func (c contract) dictionaries(t *testing.T) {
	s, dir := c.start(t)
	l := Lamps()
	drop := data.Change{Stream: data.StreamDictionary, Op: data.OpDelete, Layer: "classes"}
	coded := altered(t, l, step("set", "class", "", "dictionary", "classes"))
	s.refuse(t, "attributes.class.dictionary", coded)
	s.refuse(t, "name", Dictionary("Classes"))
	s.refuse(t, "entries[1].code", Dictionary("classes", "1", "1"))
	wrong := Dictionary("classes")
	wrong.Layer = "other"
	s.refuse(t, "name", wrong)
	s.refuse(t, "layer", drop)
	s.Must(t, Dictionary("classes", "0102", "0103"))
	s.Must(t, Put("a", 1)) // of class 0101
	s.refuse(t, "attributes.class.dictionary", coded)
	s.Must(t, Dictionary("classes", "0101", "0102"))
	s.refuse(t, "attributes.class.default", altered(t, l, step("set", "class", "", "dictionary", "classes", "default", "x")))
	s.Must(t, coded)
	bad := Put("b", 2)
	bad.Feature.Values[6] = data.TextValue(data.Code, "0110")
	err := s.fail(t, Put("c", 3), bad)
	if !strings.Contains(err.Error(), `properties.class: is no code of dictionary classes; near are 0101, 0102 (value "0110")`) {
		t.Errorf("refused with %v", err)
	}
	s.Stop(t)
	s = Start(t, c.open(t, dir))
	s.refuse(t, "properties.class", bad)
	s.refuse(t, "name", drop)
	s.refuse(t, "entries", Dictionary("classes", "0102"))
	s.Must(t, Dictionary("classes", "0101", "0110"))
	s.Must(t, bad)
	s.Must(t, Delete("a"))
	s.Must(t, Dictionary("classes", "0110"))
	plain := altered(t, coded.Definition, step("set", "class", "", "dictionary", nil))
	s.refuse(t, "properties.class", Put("a", 1))
	s.Must(t, plain, drop, Put("a", 1))
	s.Settle(t)
	if d, ok := s.Model.Dictionary("classes"); ok {
		t.Errorf("the dictionary is still %+v", d)
	}
	if m, _ := Restore(t, s); m.Diff(s.Model) != "" {
		t.Error(m.Diff(s.Model))
	}
	if d := Replay(t, s).Diff(s.Model); d != "" {
		t.Error(d)
	}
}
