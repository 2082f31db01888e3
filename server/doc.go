// Package server is gewu's HTTP surface. routes.go lists all of it; openapi.json documents it, and a test keeps the two
// equal.
//
// A handler reads one World, which is one consistent city, and returns an error instead of writing one: a single
// adapter turns errors into problem documents (RFC 9457), whose text helps the caller, while the cause goes to the
// log with the request id.
//
// The package starts no goroutines outside requests. Streams (events, batches, imports, copies) end with their
// client or with [Server.Drain].
package server
