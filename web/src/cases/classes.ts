// Finding a class by its code or by words of its title.
import type { ClassInfo } from './api'

const MOST = 20

// matching are the classes that a text may mean, best first: those whose code
// begins with it, whose title does, which have all its words.
export function matching(classes: ClassInfo[], text: string, most = MOST): ClassInfo[] {
  const words = text.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return classes.slice(0, most)
  const rank = (one: ClassInfo): number => {
    const titles = [one.title.zh, one.title.en].filter(Boolean).map((title) => title!.toLowerCase())
    if (words.length === 1 && one.code.toLowerCase().startsWith(words[0]!)) return 0
    if (titles.some((title) => title.startsWith(words[0]!)) && words.every((word) => titles.some((title) => title.includes(word)))) return 1
    return words.every((word) => one.code.toLowerCase().includes(word) || titles.some((title) => title.includes(word))) ? 2 : 3
  }
  return classes
    .map((one, i) => ({ one, i, rank: rank(one) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .slice(0, most)
    .map(({ one }) => one)
}
