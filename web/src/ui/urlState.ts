// The view in the address bar: everything a link must bring back.
export interface View {
  zoom: number
  lat: number
  lon: number
}

export interface Selection {
  layer: string
  id: string
}

export interface Place {
  lon: number
  lat: number
}

export interface UrlState {
  view?: View
  hidden: string[]
  opacity: Record<string, number>
  selection?: Selection
  place?: Place
  // The date for which the city is shown, when it is not the present.
  when?: string
  theme?: 'light' | 'dark'
  lang?: 'zh' | 'en'
  // Of the preview of a tileset: the style, which need not be that of the page, and whether edges of tiles are drawn.
  style?: StyleName
  edges?: boolean
}

export const STYLES = ['light', 'dark', 'print'] as const
export type StyleName = (typeof STYLES)[number]

const round = (value: number, digits: number) => String(Number(value.toFixed(digits)))

function numbers(text: string | null, separator: string, count: number): number[] | null {
  if (!text) return null
  const parts = text.split(separator).map((part) => (part.trim() === '' ? NaN : Number(part)))
  return parts.length === count && parts.every(Number.isFinite) ? parts : null
}

// isDate tells a day that exists, as YYYY-MM-DD.
export function isDate(text: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : null
  return day !== null && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

const onEarth = (lon: number, lat: number) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90

export function encodeState(state: UrlState): string {
  const out: string[] = []
  const { view, place, selection } = state
  if (view) out.push(`m=${round(view.zoom, 2)}/${round(view.lat, 6)}/${round(view.lon, 6)}`)
  if (place) out.push(`at=${round(place.lon, 7)},${round(place.lat, 7)}`)
  // Ids may hold anything, the separators included.
  if (selection) out.push(`sel=${encodeURIComponent(selection.layer)}/${encodeURIComponent(selection.id)}`)
  if (state.hidden.length) out.push(`off=${[...state.hidden].sort().map(encodeURIComponent).join(',')}`)
  const faded = Object.entries(state.opacity)
    .filter(([, value]) => value < 1)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (faded.length) {
    out.push(`op=${faded.map(([layer, value]) => `${encodeURIComponent(layer)}:${Math.round(value * 100)}`).join(',')}`)
  }
  if (state.when) out.push(`t=${state.when}`)
  if (state.style) out.push(`style=${state.style}`)
  if (state.edges) out.push('edges=1')
  if (state.theme) out.push(`theme=${state.theme}`)
  if (state.lang) out.push(`lang=${state.lang}`)
  return '#' + out.join('&')
}

// decodeState ignores what it does not understand: an old or hand-edited link
// still opens the map.
export function decodeState(hash: string): UrlState {
  const fields = new Map<string, string>()
  for (const part of hash.replace(/^#/, '').split('&')) {
    const equals = part.indexOf('=')
    if (equals > 0) fields.set(part.slice(0, equals), part.slice(equals + 1))
  }
  const state: UrlState = { hidden: [], opacity: {} }

  const view = numbers(fields.get('m') ?? null, '/', 3)
  if (view && onEarth(view[2]!, view[1]!)) state.view = { zoom: view[0]!, lat: view[1]!, lon: view[2]! }

  const place = numbers(fields.get('at') ?? null, ',', 2)
  if (place && onEarth(place[0]!, place[1]!)) state.place = { lon: place[0]!, lat: place[1]! }

  const [layer, id, ...rest] = (fields.get('sel') ?? '').split('/')
  if (layer && id && rest.length === 0) state.selection = { layer: decode(layer), id: decode(id) }

  state.hidden = (fields.get('off') ?? '').split(',').filter(Boolean).map(decode)
  for (const pair of (fields.get('op') ?? '').split(',').filter(Boolean)) {
    const [name, percent] = pair.split(':')
    const value = Number(percent) / 100
    if (name && value >= 0 && value < 1) state.opacity[decode(name)] = value
  }
  const when = fields.get('t') ?? ''
  if (isDate(when)) state.when = when
  const theme = fields.get('theme')
  if (theme === 'light' || theme === 'dark') state.theme = theme
  const style = STYLES.find((name) => name === fields.get('style'))
  if (style) state.style = style
  if (fields.get('edges') === '1') state.edges = true
  const lang = fields.get('lang')
  if (lang === 'zh' || lang === 'en') state.lang = lang
  return state
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
