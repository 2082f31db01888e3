// Package profile is the configuration of a city: how its cases move, who gets them, how long things may take, which
// classes there are, who works there and what they are told. A profile is a folder of files; what it does not say is as in
// the one that it inherits from.
//
// Most files stand for themselves: the nearest along the chain counts. process.toml, clocks.toml and the posts of
// people.toml are laid over each other row by row, and calendars are found by name and version. Everything is checked
// together, and all faults are told at once.
package profile
