// Package calendar counts the time that a city works: hours by season and weekday, several shifts a day, holidays and
// the weekend days worked for them (调休), with a table that ends and says so.
//
// A [Definition] is what administrators write, in TOML. A [Book] holds all versions of all calendars of a city and
// compiles each into a [Calendar], which adds limits to instants and measures between instants in O(log n) by sums over
// its working hours. All values are immutable once made, and safe for concurrent use. There is no clock here: instants
// are passed in.
//
// The units are those of Chinese limit tables (casework: 紧急工作时, 工作时, 工作日, 自然日): the first runs through nights
// and holidays, working hours and days run while the city works, natural days are dates of the calendar on the wall. A
// limit ends at the earliest instant at which all of it is used, so one that ends with the morning is due at noon and not
// when the afternoon begins.
//
// In zones with summer time a time of the wall means the first instant at which a clock on the wall shows it or a later
// one: in the hour that is skipped the instant of the change, in the hour that comes twice the first.
package calendar
