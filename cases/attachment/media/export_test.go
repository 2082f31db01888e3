package media

// Shrink is tested against an oracle.
var Shrink = shrink
