// Package impact tells what it would change to put one set of cells in the place of another: which ground, which borders, and
// which points come from which cell to which. It works on the cells that changed alone, and its answers are those of
// locating every point twice.
package impact
