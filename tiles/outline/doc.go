// Package outline draws the lines and polygons of one layer in the units of one tile. Shapes that share edges in the
// city share them in every tile, and every polygon is valid.
//
// # Steps
//
//  1. Prepare. A shape is projected to a grid of 2^32 places along the side of the world, repaired if its rings cross
//     there, and reduced for coarse pixels if it is long. A [Store] keeps this, and finished drawings, until the shapes
//     change or room is needed: its bound is in bytes, and nothing is wrong when it is empty.
//  2. Gather. What lies beyond the buffer is passed over in runs of 64 vertices.
//  3. Snap. Vertices move to the middle of their pixels, 1 to 4 units wide. Every edge then follows the vertices whose
//     pixels it passes (snap rounding). What did not cross before does not cross after; shapes come to touch, and thin
//     ones to vanish, but none turns over. Where one polygon passes the corner of two others without a vertex, it gets
//     one; from zoom 14 on also when the corner is a centimetre off, as corners on slanting sides are.
//  4. Simplify. Vertices that make little difference go, for all shapes that have them at once, and only where nothing
//     is in the way.
//  5. Assemble. Each shape picks up its vertices. Pieces that run there and back go; a ring that comes to a vertex
//     twice is cut into rings that do not.
//  6. Clip to the tile and its buffer.
//
// # Locality
//
// What is drawn depends on shapes whose boxes meet the tile widened by [Margin], and not on their order. Edges get a
// vertex where they cross the edges of this tile's buffer and of its neighbours' ([lines]), and those vertices stay.
// So the decisions of steps 3 and 4 look no farther than the square between lines that they are about, and two tiles
// draw their common buffer alike.
//
// # Small polygons
//
// A polygon thinner than a pixel has no area left. In a coverage, cells or areas, its neighbours take its ground, so
// the map has no holes; it is counted. Polygons that stand for themselves, such as buildings, would thin out the map
// where they are small. Below 4 × 4 units, a quarter of a square pixel on screen, an even sample of them is drawn as
// squares of that size, as many as cover the same ground; the others are counted. The sample depends on permanent ids
// only and grows with the zoom level. At the zoom levels that clients enlarge, polygons are drawn as they are.
//
// # Bounds
//
// A drawing holds at most [MaxVertices] vertices. A polygon of more than 32,768 vertices in one tile that touches itself
// is not cut where it does. A shape of a million vertices is passed over in runs by deep tiles,
// and has one or two vertices for each pixel of its outline in coarse ones.
package outline
