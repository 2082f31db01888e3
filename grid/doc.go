// Package grid answers whose ground a point is: the areas of every level, the cells of every scheme, the address and
// the parts beside it. It composes what package index finds; it keeps nothing but what it can derive again from a
// World.
package grid
