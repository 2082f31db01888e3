// Package class is what a city knows of the classes of its cases: how long handling may take, in several rows of which an
// officer picks one, what is to be done (处理预案) and when it is done (处置标准), which reports are of the same case, and which
// class of another edition means the same.
//
// The classes of the standards come from data/catalogue, with the marks of how each is known. The limits that come along are
// facts of the tables of two cities, told in kinds of our own; a [City] adds classes, limits in its own words, texts,
// mappings and windows, in TOML or as a table of rows ([ReadLimits]). A [Table] is both together: immutable, and safe for
// concurrent use.
package class
