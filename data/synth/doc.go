// Package synth makes synthetic districts of any size: nested areas and cells that cover the ground exactly, roads,
// blocks, buildings, entrances, door plates and city parts, with codes and names of the kind that Chinese cities use.
// They stand in where a city publishes no data, and they grow to ten million features for measurements.
//
// How a city is made, each step a file:
//
//  1. divide.go cuts a rectangle in two, again and again, until there are as many rectangles as blocks are wanted.
//     The first cuts part districts, then street offices, communities and cells, so every level nests in the one
//     above and has exactly the count that was asked for. Every cut is a road, the earlier the wider.
//  2. mesh.go makes one planar graph of it: an edge lies between two blocks and is stored once.
//  3. loosen.go hands single blocks over to neighbouring cells, so that outlines become irregular. Areas stay
//     connected and without holes.
//  4. number.go numbers everything from west to east and north to south, as the codes want it.
//  5. warp.go bends the plane and puts it on the globe. An edge is bent once for both of its sides, so neighbours
//     share every vertex, at every level.
//  6. roads.go, buildings.go, doors.go and parts.go put things along roads and into blocks.
//
// Everything follows from the parameters by integer arithmetic, so the same parameters give the same features on every
// machine. Nothing is drawn from a stream of random numbers: each thing rolls with a key of its own (roll.go), so
// features can be made one at a time, in any order, and a City holds only its blocks and edges however many features
// it has.
package synth
