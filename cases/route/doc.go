// Package route says who gets a case: ordered rules over what is known of it, the first that fits, and where none fits
// whoever answers for the ground, from the cell up to the city. Somebody always gets it. A rule whose target is gone is
// switched off and reported; the others go on.
package route
