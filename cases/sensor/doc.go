// Package sensor is what readings of sensors mean for cases: rules by which a value that is too high or too low for long enough
// raises a matter, and by which it is over, with another threshold so that a value that trembles about one does not raise it
// again and again. It knows no clock, no place and no case: readings come with their times, and what follows of them is said.
package sensor
