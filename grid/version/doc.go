// Package version has drafts and versions of schemes: what somebody draws, which codes its cells get, and the changes of
// features by which it becomes the city.
//
// A [Draft] is a coverage of the city at one Seq, its [Base], and the steps that were done to it. Only the steps are kept,
// as records in the log; a draft is found again by doing them, which gives the same bytes. Everything here is a value:
// a step gives another draft. Nothing is written, asked for or timed here; all may be called at the same time.
package version
