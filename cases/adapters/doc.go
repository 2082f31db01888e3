// Package adapters is the outside of cases: it brings messages to mail servers and web hooks. A [Courier] takes what is due
// from the outbox, sends it by the [Sender] of its channel, and has what became of it appended to the log before anything
// else. It is wired in cmd; cases knows nothing of it.
package adapters
