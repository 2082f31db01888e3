package place

import (
	"github.com/gewu-city/gewu/cases/class"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/geocode/classes"
)

// TitleOf is what a class is called: in Chinese by its standard or the city, in English by words of ours, where there are some. It is
// empty for a class without a name.
func TitleOf(c *class.Class) data.Title {
	out := data.Title{}
	if c.Name == "" {
		return out
	}
	out["zh"] = c.Name
	if en := classes.English(c.Edition, classes.Kind(c.Kind), c.Code); en != "" {
		out["en"] = en
	}
	return out
}
