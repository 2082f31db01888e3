// Which cases a list shows: in the address of the page, and as a question to the service.
export interface Filters {
  // Only those with which the person can do something; else all that may be seen.
  mine: boolean
  open: 'open' | 'closed' | 'all'
  states: string[]
  sources: string[]
  // Beginnings of codes of classes.
  classes: string[]
  // LEVEL/CODE
  area: string
  // The part or the person whose cases are shown.
  part: string
  task: string
  words: string
  order: 'due' | 'opened' | 'updated'
}

export const NO_FILTERS: Readonly<Filters> = Object.freeze({
  mine: true,
  open: 'open',
  states: [],
  sources: [],
  classes: [],
  area: '',
  part: '',
  task: '',
  words: '',
  order: 'due',
})

const listOf = (text: string | null) => (text ?? '').split(',').filter(Boolean)

// filtersIn reads what a link says and ignores what it does not understand.
export function filtersIn(search: string): Filters {
  const query = new URLSearchParams(search)
  const open = query.get('open')
  const order = query.get('order')
  return {
    mine: query.get('all') !== '1',
    open: open === 'closed' || open === 'all' ? open : 'open',
    states: listOf(query.get('state')),
    sources: listOf(query.get('source')),
    classes: listOf(query.get('class')),
    area: /^[^/]+\/.+$/.test(query.get('area') ?? '') ? query.get('area')! : '',
    part: /^[^/]+\/.+$/.test(query.get('part') ?? '') ? query.get('part')! : '',
    task: query.get('task') ?? '',
    words: query.get('q') ?? '',
    order: order === 'opened' || order === 'updated' ? order : 'due',
  }
}

function shared(filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  if (filters.states.length) query.set('state', filters.states.join(','))
  if (filters.sources.length) query.set('source', filters.sources.join(','))
  if (filters.classes.length) query.set('class', filters.classes.join(','))
  if (filters.area) query.set('area', filters.area)
  if (filters.part) query.set('part', filters.part)
  if (filters.task) query.set('task', filters.task)
  if (filters.words) query.set('q', filters.words)
  return query
}

// addressOf is the query of the page's address; what is as usual is left out.
export function addressOf(filters: Filters): string {
  const query = shared(filters)
  if (!filters.mine) query.set('all', '1')
  if (filters.open !== 'open') query.set('open', filters.open)
  if (filters.order !== 'due') query.set('order', filters.order)
  const text = query.toString()
  return text ? `?${text}` : ''
}

// questionOf is what the service is asked. Without an order and a limit it is that of the counts.
export function questionOf(filters: Filters, page?: { limit: number; cursor?: string }): URLSearchParams {
  const query = shared(filters)
  if (filters.mine) query.set('inbox', 'true')
  if (filters.open !== 'all') query.set('open', String(filters.open === 'open'))
  if (page) {
    query.set('order', filters.order)
    query.set('limit', String(page.limit))
    if (page.cursor) query.set('cursor', page.cursor)
  }
  return query
}

// countable tells whether the service can count what is listed: what waits for
// somebody, words and parts are looked at case by case.
export const countable = (filters: Filters) => !filters.mine && !filters.words && !filters.part

// active is how many filters narrow the list, for the button that shows them.
export const active = (filters: Filters) =>
  filters.states.length + filters.sources.length + filters.classes.length + [filters.area, filters.part, filters.task, filters.words].filter(Boolean).length
