package vault

import "github.com/gewu-city/gewu/data"

// textPlace takes the place of an attribute in what binds a text about subjects: layers have far fewer.
const textPlace = 1<<31 - 1

// SealText seals a text about subjects with the keys of all of them, one around the other: it is gone with the first who is
// erased. Subjects without a key get one.
func (v *Vault) SealText(text string, subjects ...Subject) ([]byte, error) {
	if v == nil {
		return nil, errNoKeys
	}
	keys, err := v.keys.Ensure(subjects)
	if err != nil {
		return nil, err
	}
	for i, s := range subjects {
		with, err := newBox(&keys[i].Secret)
		if err != nil {
			return nil, err
		}
		text = seal(with, keys[i].ID, s, textPlace, data.TextValue(data.Text, text)).Text()
	}
	return []byte(text), nil
}

// OpenText is a text that was sealed about these subjects in this order; ok is false when one of the keys is gone. The
// error wraps [ErrSealed] for what was not.
func (v *Vault) OpenText(sealed []byte, subjects ...Subject) (text string, ok bool, err error) {
	if v == nil || len(subjects) == 0 {
		return "", false, nil
	}
	value := data.SealedValue(sealed)
	for i := len(subjects) - 1; ; i-- {
		id, inner, err := keyOf(value)
		if err != nil {
			return "", false, err
		}
		key, ok, err := v.keys.Key(id)
		if err != nil || !ok {
			return "", false, err
		}
		with, err := newBox(&key.Secret)
		if err != nil {
			return "", false, err
		}
		if value, err = open(with, inner, subjects[i], textPlace); err != nil {
			return "", false, err
		}
		if i == 0 {
			return value.Text(), true, nil
		}
		value = data.SealedValue([]byte(value.Text()))
	}
}
