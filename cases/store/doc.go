// Package store holds the cases of a city in memory as columns, for lists and counts by any filter, and gives out single
// cases from their events, which it reads where they are kept. Readers take an immutable snapshot and never wait for
// writers.
package store
