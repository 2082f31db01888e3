// Package alarm tells the marks that the clocks of cases reach: warned, overdue, alerts, cards, the ends of pauses, requests
// that nobody decided in time. A mark is an event of its case, in the log before anybody hears of it, and so it is told once,
// whenever the machine stops and however its clock jumps. Where the process has a step of the post system for a mark, the
// step is taken in the same event.
package alarm
