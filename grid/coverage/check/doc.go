// Package check proves that polygons are a coverage, or says where they are not. It looks at polygons alone and shares no
// code with the model of package coverage, so that neither hides a fault of the other.
//
// The proof is exact and needs no geometry: when the directed segments of all rings, added up, are those of the outline,
// the indicators of the cells add up to that of the outline, hence there is no gap and no overlap. Only where that
// fails are the segments that are left over cut where they meet, in rational numbers without any rounding, and the faces
// between them traced.
package check
