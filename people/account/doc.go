// Package account knows who may log in, and how a request shows that it comes from somebody who has: accounts with
// passwords and second factors, sessions, API keys, invitations and resets.
//
// What it keeps is secret or about persons, so that it is not in the city's log and not in its backups. An account names
// the person in the city's directory by the text of an id; what that person may do is said there.
package account
