package data

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/gewu-city/gewu/data/wire"
)

// appendPlan appends the content of an admin record that is a plan: its JSON, the number of its changes, and for each
// its precondition (0 for none, else the seq it demands and one) and its payload.
func appendPlan(dst []byte, p *Plan) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	dst, err := appendJSON(dst, p)
	if err != nil {
		return nil, err
	}
	dst = binary.AppendUvarint(dst, uint64(len(p.Changes)))
	var payload []byte
	for i := range p.Changes {
		c := &p.Changes[i]
		demand := uint64(0)
		if c.IfSeq != nil {
			demand = uint64(*c.IfSeq) + 1
		}
		if payload, err = AppendPayload(payload[:0], c); err != nil {
			return nil, err
		}
		dst = binary.AppendUvarint(dst, demand)
		dst = append(binary.AppendUvarint(dst, uint64(len(payload))), payload...)
	}
	return dst, nil
}

// plan reads what appendPlan wrote.
func (d *Decoder) plan(r *wire.Reader) (*Plan, error) {
	p := &Plan{}
	if err := json.Unmarshal([]byte(r.Text()), p); err != nil {
		return nil, err
	}
	if n := r.Count(1 + payloadFixed); n > 0 {
		p.Changes = make([]Change, n)
	}
	for i := range p.Changes {
		demand := r.Uvarint()
		b := []byte(r.Text())
		if r.Bad {
			return nil, fmt.Errorf("change %d is cut off", i)
		}
		head, err := PeekPayload(b)
		if err != nil {
			return nil, err
		}
		if head.Stream != StreamFeature {
			return nil, fmt.Errorf("change %d is of stream %d", i, head.Stream)
		}
		if p.Changes[i], err = d.Payload(b); err != nil {
			return nil, err
		}
		if demand > 0 {
			p.Changes[i].IfSeq = new(Seq(demand - 1))
		}
	}
	return p, p.Validate()
}
