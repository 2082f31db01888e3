// Package request has change requests: somebody who lives with a border reports cells as unsuitable, a surveyor looks at them,
// the departments that the city names decide together, and what they accept becomes a draft of the scheme.
//
// A [Request] is the fold of its [Event]s, which are kept as records in the log, one each: [Fold] gives the same request
// whenever and wherever it is done. Who may do what is another matter; here is only what may follow what. Everything is a
// value and may be used at the same time; nothing is timed or written here.
package request
