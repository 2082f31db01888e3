// From typed coordinates to a place.
import type { Place } from '../ui/urlState'
import { type SystemId, inMetres, placeOf } from './systems'

const NUMBER = String.raw`[+-]?\d{1,8}(?:\.\d+)?`
const PAIR = new RegExp(`^(${NUMBER})\\s*°?\\s*([NSEW])?\\s*(?:,|;|\\s)\\s*(${NUMBER})\\s*°?\\s*([NSEW])?$`, 'i')

const MINUTES = String.raw`(?:\s*(\d{1,2}(?:\.\d+)?)\s*['′分])?`
const SECONDS = String.raw`(?:\s*(\d{1,2}(?:\.\d+)?)\s*(?:"|″|′′|''|秒))?`
const ANGLE = String.raw`([NSEW])?\s*(\d{1,3}(?:\.\d+)?)\s*[°度]${MINUTES}${SECONDS}\s*([NSEW])?`
const ANGLES = new RegExp(`^${ANGLE}\\s*[,;]?\\s*${ANGLE}$`, 'i')

const LETTERS: Record<string, string> = { 北纬: 'N', 南纬: 'S', 东经: 'E', 西经: 'W', 北緯: 'N', 南緯: 'S', 東經: 'E', 西經: 'W' }

const onEarth = (lon: number, lat: number): Place | null =>
  Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? { lon, lat } : null

// parsePoint understands a pair in the chosen system, and degrees in any form:
// "lon,lat" (or the other order when it can only be that, or when the letters
// N S E W say so), 30°15′00″N 120°30′00″E, 北纬30°15′ 东经120°30′.
export function parsePoint(input: string, system: SystemId = 'lonlat', near: Place = { lon: 0, lat: 0 }): Place | null {
  // NFKC folds full-width digits, letters and commas to the plain ones.
  const text = input
    .normalize('NFKC')
    .replace(/[，、]/g, ',')
    .replace(/[北南][纬緯]|[东東西][经經]/g, (word) => LETTERS[word]!)
    .trim()
  const match = PAIR.exec(text)
  if (!match) return parseAngles(text)
  const [first, second] = [Number(match[1]), Number(match[3])]
  const letters = [match[2], match[4]]
  const plain = letters.every((letter) => letter === undefined)
  if (plain && inMetres(system)) {
    const place = placeOf(system, first, second, near)
    if (place) return place
  }
  const a = first * sign(letters[0])
  const b = second * sign(letters[1])
  const turned = swapped(letters[0], letters[1]) || (Math.abs(b) > 90 && Math.abs(a) <= 90)
  const place = turned ? onEarth(b, a) : onEarth(a, b)
  return place && plain && !inMetres(system) ? placeOf(system, place.lon, place.lat, near) : place
}

const sign = (letter?: string) => (letter && /[SW]/i.test(letter) ? -1 : 1)

const swapped = (first?: string, second?: string) => /[NS]/i.test(first ?? '') || /[EW]/i.test(second ?? '')

function parseAngles(text: string): Place | null {
  const match = ANGLES.exec(text)
  if (!match) return null
  const letters = [match[1] ?? match[5], match[6] ?? match[10]]
  const [a, b] = [match.slice(2, 5), match.slice(7, 10)].map((parts, i) => {
    const [whole, minutes = 0, seconds = 0] = parts.map((part) => (part === undefined ? undefined : Number(part)))
    return minutes < 60 && seconds < 60 ? sign(letters[i]) * (whole! + minutes / 60 + seconds / 3600) : NaN
  })
  return swapped(letters[0], letters[1]) ? onEarth(b!, a!) : onEarth(a!, b!)
}
