package geo

import "fmt"

// DefectKind says what makes a polygon shape invalid.
type DefectKind string

// The kinds of defect.
const (
	// CollapsedRing is a ring whose vertices lie on one line or in one point.
	CollapsedRing DefectKind = "collapsed_ring"
	// Spike is a place where a ring turns back on itself: a, b, a.
	Spike DefectKind = "spike"
	// SelfCrossing is a ring that crosses itself between vertices.
	SelfCrossing DefectKind = "self_crossing"
	// SelfTouch is a ring that meets itself in one point, at a vertex.
	SelfTouch DefectKind = "self_touch"
	// SelfOverlap is a ring that runs twice along the same segment.
	SelfOverlap DefectKind = "self_overlap"
	// RingCrossing is two rings of one polygon that cross.
	RingCrossing DefectKind = "ring_crossing"
	// RingOverlap is two rings of one polygon that share a segment.
	RingOverlap DefectKind = "ring_overlap"
	// DuplicateRing is a ring that occurs twice, whatever its direction and first vertex.
	DuplicateRing DefectKind = "duplicate_ring"
	// HoleOutside is a hole outside its outer ring.
	HoleOutside DefectKind = "hole_outside"
	// NestedHole is a hole in another hole.
	NestedHole DefectKind = "nested_hole"
	// SplitInterior is a chain of rings that touch and cut the polygon in two.
	SplitInterior DefectKind = "split_interior"
	// PolygonOverlap is two polygons of one shape that have area in common.
	PolygonOverlap DefectKind = "polygon_overlap"
	// SharedEdge is two polygons of one shape that share a segment of their outlines.
	SharedEdge DefectKind = "shared_edge"
)

// Defect is one reason why a shape is invalid. It is comparable, and an error.
type Defect struct { //nolint:errname // a finding that can serve as an error; the word of the vocabulary is defect
	Kind DefectKind
	// Ring is the index of the ring in the shape ([Shape.Ring]); of two rings it is the later one.
	Ring int
	// At is where the defect is, rounded to the nearest point for a crossing.
	At Point
}

// Error is the defect in words with its longitude and latitude.
func (d Defect) Error() string {
	return fmt.Sprintf("ring %d %s at %.7f, %.7f", d.Ring, d.Kind.phrase(), d.At.Lon(), d.At.Lat())
}

func (k DefectKind) phrase() string {
	switch k {
	case CollapsedRing:
		return "has no area"
	case Spike:
		return "has a spike"
	case SelfCrossing:
		return "crosses itself"
	case SelfTouch:
		return "touches itself"
	case SelfOverlap:
		return "runs twice along one segment"
	case RingCrossing:
		return "crosses another ring of its polygon"
	case RingOverlap:
		return "shares a segment with another ring of its polygon"
	case DuplicateRing:
		return "occurs twice"
	case HoleOutside:
		return "is a hole outside its outer ring"
	case NestedHole:
		return "is a hole inside another hole"
	case SplitInterior:
		return "touches other rings so that the polygon falls apart"
	case PolygonOverlap:
		return "overlaps another polygon of the shape"
	case SharedEdge:
		return "shares a segment with another polygon of the shape"
	default:
		return string(k)
	}
}
