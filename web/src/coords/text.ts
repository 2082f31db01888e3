// Coordinates as the page shows them: in the chosen system, and in degrees
// where that has none.
import { settings } from '../ui/settings'
import type { Place } from '../ui/urlState'
import { type SystemId, nameOf, write } from './systems'

export interface Shown {
  text: string
  // What the numbers are, as --crs and crs= understand it.
  name: string
  // The chosen system has no coordinates here.
  outside: boolean
}

export function show(place: Place, exact = false): Shown {
  const system = settings.system.value
  const text = write(system, place, exact)
  const used: SystemId = text === null ? 'lonlat' : system
  return { text: text ?? write('lonlat', place, exact)!, name: nameOf(used, place), outside: text === null }
}
