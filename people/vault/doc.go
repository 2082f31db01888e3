// Package vault seals what is personal. Each subject of a sensitive layer has a key; values of personal attributes are
// encrypted with it before they are appended to the log, so that log, checkpoints, Worlds, backups and exports hold
// nothing that can be read without the key. Keys are kept outside of all these, wrapped by a master key: destroying the key
// of a subject erases the subject everywhere at once, in history and in every backup that was ever made.
package vault
