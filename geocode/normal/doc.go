// Package normal makes texts that mean the same place the same text: widths, spaces, dashes and cases, traditional and
// simplified characters, and Chinese numerals before a unit. Names of the gazetteer and what is searched go through it
// alike. Every character of the result knows the bytes of the source that it came from.
//
// What it does, in this order:
//
//   - Compatibility forms and letters with marks become plain letters (NFKD without marks), letters small; characters
//     that are not seen are dropped.
//   - Han characters become simplified ones, and variants one of them, by the table fold.txt.
//   - Dashes and tildes become "-", stops of sentences and lists ",", brackets "(" and ")"; "#" behind a number becomes
//     号; what is no letter, digit or mark of an address becomes a space. Spaces stay, single, between words of letters
//     and digits only, and points between digits only.
//   - Chinese numerals become digits where a unit follows (三百二十八号, 一五八弄, 五十米) or 之 stands before and a number
//     or a unit before that (12号之三), or behind with a number and a unit (一零九之六号). Elsewhere they are part of a name: 三环路, 五一路, 四平路.
//
// Normalising twice is normalising once.
//
// fold.txt is derived from Unihan_Variants.txt of the Unicode Character Database 15.0, © 1991-2022 Unicode, Inc., under
// the licence in ../LICENSE.unicode; TestTable writes it.
package normal
