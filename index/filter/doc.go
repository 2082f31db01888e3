// Package filter finds the features of a layer that pass a filter in CQL2, see package cql.
//
// [Bind] checks a filter against a layer and makes a [Bound], which is asked for many features at a time: [Bound.Keep]
// looks at one column after the other, and at a text once for each time it stands in the dictionary of its column.
//
// Only features for which the filter is true pass. A comparison with a value that is missing is neither true nor false,
// and so is its negation. What is bound therefore has no negations: each leaf knows whether it must be true or false,
// and features for which it is neither never pass.
package filter
