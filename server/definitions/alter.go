package definitions

import (
	"encoding/json"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/data/rules"
	"github.com/gewu-city/gewu/server/rest"
)

// patchLayer is the definition after a body: first the steps of its member alter, then its attributes, which are
// matched by name, then everything else by RFC 7396.
func patchLayer(def *data.Layer, body []byte) (*data.Layer, error) {
	var patch map[string]json.RawMessage
	if err := rest.DecodeJSON(body, &patch); err != nil {
		return nil, err
	}
	// What GET shows beside the definition may come back.
	for _, name := range []string{"count", "bbox", "seq"} {
		delete(patch, name)
	}
	altered := def
	if text, ok := patch["alter"]; ok {
		steps, err := decodeSteps(text)
		if err != nil {
			return nil, err
		}
		if altered, err = rules.Alter(altered, steps); err != nil {
			return nil, rest.Faults(rest.Invalid, "", err).Because(err)
		}
	}
	if text, ok := patch["attributes"]; ok {
		var list []data.Attribute
		if err := rest.DecodeJSON(text, &list); err != nil {
			return nil, err
		}
		var err error
		if altered, err = rules.WithAttributes(altered, list); err != nil {
			return nil, rest.Faults(rest.Invalid, "", err).Because(err)
		}
	}
	delete(patch, "alter")
	delete(patch, "attributes")
	altered, err := mergeLayer(altered, patch)
	if err != nil {
		return nil, err
	}
	if err := validate(altered); err != nil {
		return nil, rest.Faults(rest.Invalid, "", err).Because(err)
	}
	return altered, nil
}

func decodeSteps(text json.RawMessage) ([]rules.Step, error) {
	var list []json.RawMessage
	if err := rest.DecodeJSON(text, &list); err != nil {
		return nil, rest.Fault(rest.BadRequest, "alter", "", `must be a list of steps such as {"op":"rename","attribute":"h","to":"height"}`).Because(err)
	}
	steps := make([]rules.Step, len(list))
	for n, one := range list {
		if err := json.Unmarshal(one, &steps[n]); err != nil {
			return nil, rest.Faults(rest.Invalid, fmt.Sprintf("alter[%d].", n), err).Because(err)
		}
	}
	return steps, nil
}

// mergeLayer merges everything but the attributes.
func mergeLayer(def *data.Layer, patch map[string]json.RawMessage) (*data.Layer, error) {
	given, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	bare := *def
	bare.Attributes = nil
	text, err := json.Marshal(bare)
	if err != nil {
		return nil, err
	}
	var whole, members map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(given, &members); err != nil {
		return nil, err
	}
	rules.Merge(whole, members)
	if text, err = json.Marshal(whole); err != nil {
		return nil, err
	}
	altered := &data.Layer{}
	if err := rest.DecodeJSON(text, altered); err != nil {
		return nil, err
	}
	altered.Attributes = def.Attributes
	return altered, nil
}
