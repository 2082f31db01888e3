// Package licences holds the test that knows under which licence everything comes that gewu is made of: docs/licences.md is
// its report. It is read from the module cache and from web/package-lock.json, without a network.
package licences
