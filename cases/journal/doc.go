// Package journal keeps the events of cases in the city's log and reads them back. An event is an entry of the log, with
// those that follow in other cases; it names the entry of the event before, so that a case is read from its newest event
// backwards, and nothing beside the log must be kept in order to find it. What lists and counts need of a million cases is
// a checkpoint beside the log, which is written now and then and can be thrown away.
package journal
