// Package people says who works for a city: organisations in a tree, bound to areas; posts, which say what whoever holds
// one may do and answers for; staff, who hold posts in places for a time. It is a projection of the admin records of an
// [index.World] and holds no state, no lock and no clock. What it says is public within the administration: ways to reach
// a person, accounts and secrets are elsewhere.
package people
