// Package notice tells people and programs what happens to cases: who subscribed to what, and messages on their way.
//
// A [Subscription] names a case, areas, a drawn polygon, a circle or classes; a [Book] finds those that a [Subject] meets
// without looking at all of them. [Compose] makes the messages of an event. Their ids are made of the event and of who is
// told, so composing an event again makes no new messages; they are appended with the event, in one transaction.
//
// A [Message] is the fold of what happened to it: tries, with growing pauses between them, delivery or the end of all tries
// (dead letter), and the receipts of whoever got it: received, in hand, done. An [Outbox] hands out what is to be tried; it
// is derived, like everything here but the log. There is no clock and no sending in this package: adapters send, and
// instants are passed in.
package notice
