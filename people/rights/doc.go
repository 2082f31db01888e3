// Package rights compiles what somebody may see and do, out of the posts that they hold, into what an index understands:
// for each layer the features that exist for them, in any World of the city. It decides; who asks and how it is refused
// are matters of others.
//
// # Whose ground a feature is
//
// Grants may be bound to areas, see [people.Grant]. A point is in the area that owns it by the edge rule, so that it is
// in one of two neighbours. A line is in every area that it reaches, a polygon in every area that it shares ground with:
// whoever answers for a part of a road sees the road. Changing asks for more: no part of the feature, before and after,
// may lie in an area of the level that is not held. A feature without geometry is in no area.
//
// Areas are looked up in the World that is asked, so that rights follow boundaries when these are published, and what was
// true under old boundaries is answered under them.
//
// # Several grants
//
// Grants of all posts that somebody holds add up. An attribute that one of the grants for a layer hides is hidden in that
// layer: what is hidden does not come back by another post. Rights of the public add those layers that no post of the
// person reaches.
package rights
