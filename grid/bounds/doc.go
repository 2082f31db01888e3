// Package bounds says ground by what lies on its four sides (四至), and finds the ground that such a text says.
//
// A text names the four sides one by one, in Chinese or English: 东起文明路，西至和平街，北起安平里，南至环城河; east: A Street; south:
// B Street; west: …; north: …. [Parse] reads it, [Sides.Chinese] and [Sides.English] write it.
//
// [Draw] lays the lines of what is named over each other, rounded to whole units where they meet ([coverage.Overlay]), and
// keeps each piece of ground that has every named line on its side. Lines that end short of each other are joined, and the
// answer says where and how far; nothing is guessed: what is unknown, too far apart or ambiguous is told.
package bounds
