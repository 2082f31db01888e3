// Package recent is what happened to cases lately, in the order of the log, for whoever listens: a ring of bounded length in
// memory, that everybody reads at their own pace and nobody fills for one of them. Somebody who comes back with an older
// place in the log is told from the log itself. What of it somebody may know is the matter of others: each move says how the
// case was shown before and how it is shown after.
package recent
