// Package exchange is the exchange of cases with other platforms: the platform of the city above a district, a district below
// a city, the platform of a department (市区两级平台案件交换).
//
// A [Peer] is such a platform: what it may send, for which organisation it stands here, and what its messages mean in the
// process. A [Message] hands a case over, tells how it goes on, brings the result, refuses it, gives it back to be done
// again, presses, closes, or brings files. [Of] says which peers are told of an event, [Compose] what they are told,
// [Peer.Steps] what a message of theirs means here. A [Book] keeps the peers with their secrets in a file beside the log.
//
// Messages about a case are numbered by the event that they tell of, and name the one before, so that none is lost, done
// twice, or done out of order, whoever dies meanwhile. Nothing of whoever reported is ever part of a message. There is no
// clock and no network in this package.
package exchange
