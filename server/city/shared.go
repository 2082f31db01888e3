package city

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/rest"
)

// refusalShared names the refusal of a second division for programs.
const refusalShared = "one-shared-scheme"

// onlyShared refuses changes that would divide the city by another scheme than the one that all share, where there is one:
// other schemes, layers and cells of them, levels that are theirs alone, and their drafts. What takes something of another
// scheme away passes, and so does what leaves an old layer of one as it was.
func (c *City) onlyShared(changes []data.Change) error {
	if c.Shared == "" {
		return nil
	}
	for i := range changes {
		ch := &changes[i]
		if ch.Op != data.OpPut {
			continue
		}
		switch ch.Stream {
		case data.StreamScheme:
			if ch.Scheme != nil && ch.Scheme.Name != c.Shared {
				return c.notShared(ch.Scheme.Name, "would be a second scheme")
			}
		case data.StreamSchema:
			if other, why := c.otherRole(ch.Definition); other != "" {
				return c.notShared(other, why)
			}
		case data.StreamFeature:
			if err := c.SharedLayer(ch.Layer); err != nil {
				return err
			}
		case data.StreamAdmin:
			if other := draftedScheme(ch.Admin); other != "" && other != c.Shared {
				return c.notShared(other, "cannot be drawn anew")
			}
		default: // values of dictionaries and all else divide nothing
		}
	}
	return nil
}

// draftedScheme is the scheme that a record of a draft is about; empty for all other records.
func draftedScheme(a *data.Admin) string {
	if a == nil || a.Kind != data.AdminDraft {
		return ""
	}
	var head struct {
		Scheme string `json:"scheme"`
	}
	_ = json.Unmarshal(a.Body, &head) // one that cannot be read is refused where it is stored
	return head.Scheme
}

// otherRole is the scheme, not the shared one, whose cells or level a definition would newly make the features of a layer, and
// which of these; empty for none.
func (c *City) otherRole(def *data.Layer) (scheme, why string) {
	if def == nil {
		return "", ""
	}
	var before data.Roles
	if old, ok := c.Engine.Layer(def.Name); ok {
		before = old.Roles
	}
	if role := def.Roles.Cell; role != nil && role.Scheme != c.Shared && (before.Cell == nil || before.Cell.Scheme != role.Scheme) {
		return role.Scheme, "would have its cells in layer " + def.Name
	}
	role := def.Roles.Area
	if role == nil || before.Area != nil && before.Area.Level == role.Level {
		return "", ""
	}
	if s, ok := c.Engine.Scheme(c.Shared); ok && slices.Contains(s.Levels, role.Level) {
		return "", ""
	}
	for _, s := range c.Engine.World().Schemes() {
		if s.Name != c.Shared && slices.Contains(s.Levels, role.Level) {
			return s.Name, fmt.Sprintf("would have its level %s in layer %s", role.Level, def.Name)
		}
	}
	return "", ""
}

// SharedLayer refuses features for a layer that holds the cells of another scheme than the one that all share, where there is
// one.
func (c *City) SharedLayer(layer string) error {
	if c.Shared == "" {
		return nil
	}
	if def, ok := c.Engine.Layer(layer); ok && def.Roles.Cell != nil {
		if other := def.Roles.Cell.Scheme; other != c.Shared {
			return c.notShared(other, fmt.Sprintf("has its cells in layer %s, which takes no more", layer))
		}
		return nil
	}
	// A scheme may have its cells in a layer without a role.
	other := ""
	for _, s := range c.Engine.World().Schemes() {
		switch {
		case s.Cells.Layer != layer:
		case s.Name == c.Shared:
			return nil
		default:
			other = s.Name
		}
	}
	if other == "" {
		return nil
	}
	return c.notShared(other, fmt.Sprintf("has its cells in layer %s, which takes no more", layer))
}

// notShared is the refusal: it says which scheme is the one.
func (c *City) notShared(other, why string) error {
	en := fmt.Sprintf("the profile of the city has one shared scheme, %s; the ground is not divided otherwise", c.Shared)
	p := rest.Refuse(rest.Conflict, "scheme %s %s: %s", rest.Shorten(other), why, en)
	p.Field, p.Value = "scheme", rest.Shorten(other)
	return p.Named(refusalShared, data.Title{"zh": "本市配置规定统一使用网格“" + c.Shared + "”，不再另行划分网格", "en": en})
}
