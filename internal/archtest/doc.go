// Package archtest keeps the structure of the module: which package may import which, what is banned where and why,
// and how large files and packages may grow. It holds only tests; they read the source tree with go/parser and need
// neither the network nor a build. The tables are in rules_test.go.
package archtest
