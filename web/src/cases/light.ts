// Remaining time in words, and lights that are told without their colour.
import type { Light } from './api'

export type Known = Exclude<Light, ''>

// Every light has a sign of its own: colour alone tells nothing to many.
export const SIGNS: Record<Known, string> = { green: '●', yellow: '▲', red: '■', grey: '❚❚' }

export const isLight = (light: string | undefined): light is Known => light !== undefined && light in SIGNS

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

export interface Span {
  late: boolean
  text: string
}

// remaining is how long there is until a time, or for how long it is over, in
// the one or two largest units: "2 days 3 hours". It is time by the wall, as
// the service has already counted the working time into `due`.
export function remaining(due: string | undefined, now: number, tag: string): Span | null {
  const at = Date.parse(due ?? '')
  if (Number.isNaN(at)) return null
  const late = at <= now
  return { late, text: spanText(Math.abs(at - now), tag) }
}

export function spanText(ms: number, tag: string): string {
  let rest = Math.floor(ms / 60_000) * 60_000
  const words: string[] = []
  for (const [unit, length] of STEPS) {
    const n = Math.floor(rest / length)
    rest -= n * length
    if (n || (unit === 'minute' && !words.length)) words.push(new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(n))
    else if (words.length) break
    if (words.length === 2) break
  }
  return words.join(' ')
}
