// Package proj knows coordinate reference systems by name and converts places between them and longitude and
// latitude. Everything in it is a pure function or an immutable value, safe for concurrent use.
package proj
