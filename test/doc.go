// Package test holds the black-box tests: they build the binary, start it, speak HTTP to it, kill it and start it
// again.
package test
