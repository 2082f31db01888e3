// The shifted coordinates of Chinese web maps, as geo/proj does them. Outside
// their box they are those of WGS 84.
import type { Place } from '../ui/urlState'

const { PI, sin, cos, sqrt, abs, hypot, atan2 } = Math

type Shift = (place: Place) => Place

export const gcj02: Shift = ({ lon, lat }) => {
  const a = 6378245
  const ee = 0.00669342162296594323
  const x = lon - 105
  const y = lat - 35
  const waves = ((20 * sin(6 * PI * x) + 20 * sin(2 * PI * x)) * 2) / 3
  const north =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves +
    ((20 * sin(PI * y) + 40 * sin((PI / 3) * y)) * 2) / 3 +
    ((160 * sin((PI / 12) * y) + 320 * sin((PI / 30) * y)) * 2) / 3
  const east =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves +
    ((20 * sin(PI * x) + 40 * sin((PI / 3) * x)) * 2) / 3 +
    ((150 * sin((PI / 12) * x) + 300 * sin((PI / 30) * x)) * 2) / 3
  const phi = (lat * PI) / 180
  const m = 1 - ee * sin(phi) ** 2
  return {
    lon: lon + east / (((a / sqrt(m)) * cos(phi) * PI) / 180),
    lat: lat + north / (((a * (1 - ee)) / (m * sqrt(m))) * (PI / 180)),
  }
}

export const bd09: Shift = (place) => {
  const turns = (PI * 3000) / 180
  const { lon: x, lat: y } = gcj02(place)
  const z = hypot(x, y) + 0.00002 * sin(y * turns)
  const t = atan2(y, x) + 0.000003 * cos(x * turns)
  return { lon: z * cos(t) + 0.0065, lat: z * sin(t) + 0.006 }
}

const BOX = { west: 72.004, south: 0.8293, east: 137.8347, north: 55.8271 }

const inBox = ({ lon, lat }: Place, slack = 0) =>
  lon >= BOX.west - slack && lon <= BOX.east + slack && lat >= BOX.south - slack && lat <= BOX.north + slack

export const shifted = (shift: Shift, place: Place): Place => (inBox(place) ? shift(place) : place)

// Each round leaves less than a thirtieth of the error.
export function unshifted(shift: Shift, to: Place): Place {
  if (!inBox(to, 0.1)) return to
  let at = to
  for (let i = 0; i < 16; i++) {
    const got = shift(at)
    at = { lon: at.lon + to.lon - got.lon, lat: at.lat + to.lat - got.lat }
  }
  return inBox(at, 1e-8) ? at : to
}
