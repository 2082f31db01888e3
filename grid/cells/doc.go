// Package cells makes a polygon the key to what lies in it: totals of every layer in each cell and area, kept current
// with each change, and the card of a cell with its parts, doors, roads, buildings, organisations, neighbours and the
// bounds on its four sides.
//
// # What is counted where
//
// The layers with the role area or cell, and the cells of declared schemes, are divisions. Every other layer with
// geometry is counted in each division: a feature belongs to the polygon that owns its representative point by the edge
// rule ([grid.Owner]): a point itself, the first of several points, the point half-way along a line, the label point of a
// polygon ([geo.LabelPoint]). A feature without geometry belongs where the one lies that its ref names: a firm with its
// door, a household with its house. So every feature is counted in at most one polygon of a division, and totals of cells add
// up.
package cells
