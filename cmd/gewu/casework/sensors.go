package casework

import (
	"path/filepath"

	"github.com/gewu-city/gewu/cases/sensor/book"
	"github.com/gewu-city/gewu/server/readings"
)

// SensorsFile keeps how the rules about readings stand with each sensor, and its newest readings.
const SensorsFile = "sensors.db"

// sense opens what is known of sensors.
func (c *Cases) sense(o *Options) (err error) {
	c.Readings = &readings.Service{Cases: c.Service, Zone: o.Profile.Zone}
	c.Readings.Book, err = book.Open(filepath.Join(o.Folder, SensorsFile), o.Profile.Sensors, c.Readings, o.Now)
	return err
}
