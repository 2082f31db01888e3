// Package cases is what happens to a reported matter from report to closure. A [Case] is the fold of its [Event]s; a
// [Command] becomes the event that follows from it, or a refusal with a name, by the table of package process. The
// package is pure: it does no I/O of its own and reads no clock. What it must know of the city, of the people who work for
// it and of other cases it asks through the small interfaces of a [Desk].
package cases
