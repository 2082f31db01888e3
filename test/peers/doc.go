// Command peers measures gewu beside other engines, in one run on one machine: PostGIS, plain rtree with orb, net/http
// on static bytes, bbolt used plainly, and pg_trgm and bleve. It prints a table in Markdown for docs/benchmarks.md.
//
//	go run ./test/peers                       everything (make peers)
//	go run ./test/peers -run locate,join      some of it
//	go run ./test/peers -short                a quick pass over small cities, which is also a test
//	go run ./test/peers -run growth -growth scale-10k,scale-100k,scale-1m,scale-10m
//
// How it measures. Contestants take turns, round after round, and a ratio is taken within its round, because the
// machine is shared and noisy: what slows one round slows both. Shown are the median and the range of all rounds.
// Where two programs compete for the cores, the client among them, what counts is work per second of CPU of the
// server's processes, read from /proc; such ticks are 10 ms, so a round takes a second or more. Work in process is
// counted per second of CPU of this process too, the garbage collector included. Every contest first checks that all
// contestants give the same answers.
//
// gewu is the built binary wherever the budget is about a server; what is measured in process uses its packages as the
// server does. PostgreSQL runs as a cluster of its own in a temporary folder, on a unix socket, tuned as its users do
// it: 1 GB of shared buffers, no JIT and no parallel workers for queries of microseconds, everything in cache, geometry
// in EPSG:3857 so that distances are planar, and clustered by place.
//
// The city is synthetic (data/synth), the same for all: 16,129 cells, a million parts and 300,000 doors in 25 km².
//
// The geocoder is asked for the doors of the sample city, or of a data folder (-city), and so are pg_trgm, by a GiST index
// in the order of likeness, and bleve, a program of its own in test/peers/bleve, on one core each. Peers get texts
// normalised by gewu's own rules, for free, and need not say why; a first answer is right if it is the door, or
// one with the same label, that the text was made from.
package main
