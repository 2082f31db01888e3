// Package clock runs the clocks of cases: one for each stage with a limit, which starts, stops, pauses, is extended and
// begins again on rework.
//
// A [Clock] is the fold of the [Effect]s that happened to it, and nothing else: the same effects give the same clock, in
// whatever process. Its due time is stored, and computed by the version of the calendar that was valid when it started.
// Where the table of holidays does not reach, a clock runs without a due time and says why, until [Clock.Recount] with a
// table that does.
//
// A [Rule] says which marks a clock has: a warning at a share of its limit, overdue, alerts to the levels above, cards. A
// [Sweep] keeps the next mark of each running clock in order of time and hands out what is due as [Notice]s. Each notice
// has an id of case, clock, kind and generation. Whoever takes notices appends them to the log as effects of the kind
// [Fire] before anything else learns of them, and effects at a case only after those that [Rule.Reached] tells; so neither
// a restart nor a clock that jumps loses or doubles one.
//
// There is no clock of its own in here: instants are passed in. Values are immutable, and safe for concurrent use; Sweep
// locks itself.
package clock
