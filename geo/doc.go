// Package geo holds pure functions on coordinates and shapes: exact predicates, validity, area and length,
// and label points. It does no I/O, keeps no state and knows no clock.
//
// Coordinates inside gewu are longitude and latitude in CGCS2000, which equals WGS 84 at this precision
// (EPSG:4490/4326), as int32 in units of 1e-7 degree: about 1.1 cm on the ground. Differences of two coordinates fit
// in 33 bits and their products in 66, so predicates use 64-bit arithmetic where a city-sized extent allows it and
// 128-bit arithmetic otherwise: they never round. Other systems are converted at the edge, by name: see package proj.
//
// All functions are safe for concurrent use; shapes are immutable once built.
package geo
