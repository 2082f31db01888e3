// Package divide draws grids: lines and community outlines become blocks, blocks with what lies in them become atoms, and
// atoms are joined to grids of about the same load within each community, several ways side by side.
//
// [Prepare] makes the ground: it cuts communities along lines with the noding of package coverage, on whole units of 1e-7
// degree, and counts what lies in each block. [Ground.Divide] draws the alternatives. No grid crosses the border of a
// community, none is in two pieces, no cut runs through a footprint, and locked grids keep their ground; limits are kept
// where that is possible, and where it is not a [Reason] says why.
//
// The package is pure: the same input and seed give the same alternatives, whatever the number of goroutines.
package divide
