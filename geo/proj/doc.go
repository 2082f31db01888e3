// Package proj knows coordinate systems by name and converts places between them and longitude and latitude: degrees,
// Web Mercator, the Gauss–Krüger zones of CGCS2000, TWD97, the shifted systems of Chinese web maps, and a city's own
// grid that was fitted to control points. Everything in it is a pure function or an immutable value, safe for
// concurrent use.
package proj
