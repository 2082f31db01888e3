// Package process is how cases move, as data: states, and for each state the steps out of it, with who may take them,
// what must hold, what must be filled in, and what follows for clocks, units and notices. A [Table] is read from TOML
// files that inherit from each other, checked as a whole, printed, compared with another one and asked what somebody
// may do. The package knows no case: what guards ask is answered through [Facts].
package process
