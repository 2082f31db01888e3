package srs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gewu-city/gewu/geo/proj"
)

// Code is the EPSG code of a system, 4326 for nil. It reports false for a system that EPSG does not have.
func Code(crs proj.CRS) (int, bool) {
	if crs == nil || crs.Name() == "CRS84" {
		return 4326, true
	}
	digits, ok := strings.CutPrefix(crs.Name(), "EPSG:")
	code, err := strconv.Atoi(digits)
	return code, ok && err == nil
}

// The geographic systems below the plane ones, in both dialects.
const (
	esriWGS84    = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	esriCGCS2000 = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	esriTWD97    = `GEOGCS["GCS_TWD_1997",DATUM["D_TWD_1997",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

	greenwich   = `PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]]`
	ogcWGS84    = `GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],` + greenwich + `,AUTHORITY["EPSG","4326"]]`
	ogcCGCS2000 = `GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],` + greenwich + `,AUTHORITY["EPSG","4490"]]`
	ogcTWD97    = `GEOGCS["TWD97",DATUM["Taiwan_Datum_1997",SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]],AUTHORITY["EPSG","1026"]],` + greenwich + `,AUTHORITY["EPSG","3824"]]`
)

// ESRI is a system in the dialect of ArcGIS, for a .prj file. It reports false for a system that has no such text.
func ESRI(crs proj.CRS) (string, bool) {
	code, ok := Code(crs)
	switch {
	case !ok:
		return "", false
	case code == 4326:
		return esriWGS84, true
	case code == 4490:
		return esriCGCS2000, true
	case code == 3857:
		return `PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",` + esriWGS84 + `,PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],` +
			`PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]`, true
	case code == 3826:
		return esriTransverse("TWD_1997_TM_Taiwan", esriTWD97, "Transverse_Mercator", 121, 250000, 0.9999), true
	}
	if z, ok := proj.ZoneOf(code); ok {
		return esriTransverse(z.ESRI(), esriCGCS2000, "Gauss_Kruger", z.Lon0, z.FalseEasting(), 1), true
	}
	return "", false
}

func esriTransverse(name, base, way string, lon0, fe, scale float64) string {
	return fmt.Sprintf(`PROJCS[%q,%s,PROJECTION[%q],PARAMETER["False_Easting",%.1f],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",%.1f],`+
		`PARAMETER["Scale_Factor",%s],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`, name, base, way, fe, lon0, decimal(scale))
}

func decimal(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// OGC is a system in the first version of the well-known text of OGC. It reports false for a system that has no such
// text.
func OGC(crs proj.CRS) (string, bool) {
	code, ok := Code(crs)
	switch {
	case !ok:
		return "", false
	case code == 4326:
		return ogcWGS84, true
	case code == 4490:
		return ogcCGCS2000, true
	case code == 3857:
		return `PROJCS["WGS 84 / Pseudo-Mercator",` + ogcWGS84 + `,PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],` +
			`PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],` +
			`EXTENSION["PROJ4","+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs"],AUTHORITY["EPSG","3857"]]`, true
	case code == 3826:
		return ogcTransverse(crs.Title(), ogcTWD97, 121, 250000, 0.9999, code), true
	}
	if z, ok := proj.ZoneOf(code); ok {
		return ogcTransverse(z.Title(), ogcCGCS2000, z.Lon0, z.FalseEasting(), 1, code), true
	}
	return "", false
}

func ogcTransverse(name, base string, lon0, fe, scale float64, code int) string {
	return fmt.Sprintf(`PROJCS[%q,%s,PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",%g],`+
		`PARAMETER["scale_factor",%g],PARAMETER["false_easting",%.0f],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AUTHORITY["EPSG","%d"]]`,
		name, base, lon0, scale, fe, code)
}
