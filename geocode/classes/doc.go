// Package classes suggests classes of city management from the words of a report: which kind of part or event of the
// national tables a text may be about, in several editions side by side.
//
// A report is words of a city (井盖, 人孔蓋, street light) and words that say what is the matter with them (松动, 不亮, out).
// Either alone says little; both near each other say a matter: words.tsv lists the words, matters.tsv says which of them
// together are evidence for which matter and how strong, classes.tsv which class a matter has in each edition. The
// longest words count first, so that 路灯井盖 is no lamp and a garbage truck no garbage. What is denied (不是路灯的问题,
// not a pothole) does not count, nor does courtesy; a thing that only says where (公厕旁边, next to the bus stop) counts
// less. Names of classes are those of the catalogue; words, titles and scores are ours.
package classes
