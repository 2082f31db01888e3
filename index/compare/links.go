package compare

import (
	"context"
	"fmt"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/index"
)

// checkLinks verifies what definitions demand of several features: refs name features that exist, unique values occur
// once, and features are found by both. A World of the past is left out: its features may be of different times.
func checkLinks(ctx context.Context, w *index.World, report func(string)) error {
	if w.Past() {
		return nil
	}
	for _, l := range w.Layers() {
		for i, a := range l.Def().Live() {
			if a.Dictionary != "" {
				checkCodes(w, l, i, a, report)
			}
			if a.Ref == "" && !a.Unique {
				continue
			}
			if err := checkLink(ctx, w, l, i, a, report); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkCodes verifies that a dictionary has the codes of an attribute.
func checkCodes(w *index.World, l *index.Layer, i int, a *data.Attribute, report func(string)) {
	dictionary, ok := w.Dictionary(a.Dictionary)
	if !ok {
		report(fmt.Sprintf("layer %s, %s: dictionary %s does not exist", l.Def().Name, a.Name, a.Dictionary))
		return
	}
	for s := range l.Slots() {
		if v := l.Value(s, i); !v.Null() {
			if _, known := dictionary.Term(v.Text()); !known {
				report(fmt.Sprintf("layer %s, feature %q, %s: %q is no code of dictionary %s", l.Def().Name, l.ID(s), a.Name, v.Text(), a.Dictionary))
			}
		}
	}
}

func checkLink(ctx context.Context, w *index.World, l *index.Layer, i int, a *data.Attribute, report func(string)) error {
	target, known := w.Layer(a.Ref)
	first, held := map[string]index.Slot{}, 0
	for s := range l.Slots() {
		if s%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		v := l.Own(s, i)
		if v.Null() {
			continue
		}
		at := fmt.Sprintf("layer %s, feature %q, %s", l.Def().Name, l.ID(s), a.Name)
		if a.Ref != "" {
			if !known {
				report(fmt.Sprintf("%s: names %q of layer %s, which does not exist", at, v.Text(), a.Ref))
			} else if _, ok := target.Lookup(v.Text()); !ok {
				report(fmt.Sprintf("%s: names %q, which is no feature of layer %s", at, v.Text(), a.Ref))
			}
		}
		if other, taken := first[v.Text()]; taken && a.Unique {
			report(fmt.Sprintf("%s: has %q as feature %q does", at, v.Text(), l.ID(other)))
		}
		if a.Unique {
			first[v.Text()] = s
		}
		if !l.Column(i).Found(uint32(s)) {
			report(fmt.Sprintf("%s: is not found by %q", at, v.Text()))
		}
		held++
	}
	if n := l.Column(i).Holding(); n != held {
		report(fmt.Sprintf("layer %s, %s: %d features are found by it and %d have a value", l.Def().Name, a.Name, n, held))
	}
	return nil
}
