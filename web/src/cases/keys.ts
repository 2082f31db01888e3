// One table for the keys of the pages about cases and for the sheet that explains them.
export type Command = 'next' | 'previous' | 'open' | 'search' | 'mine' | 'act' | 'reload' | 'list' | 'begin' | 'help'

export const KEYS: { key: string; command: Command; shown?: string }[] = [
  { key: 'j', command: 'next' },
  { key: 'k', command: 'previous' },
  { key: 'Enter', command: 'open' },
  { key: '/', command: 'search' },
  { key: 'm', command: 'mine' },
  { key: 'a', command: 'act' },
  { key: 'r', command: 'reload' },
  { key: 'u', command: 'list' },
  { key: 'n', command: 'begin' },
  { key: '?', command: 'help' },
]

// commandFor is what a key means while nothing is being typed.
export function commandFor(event: KeyboardEvent): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return null
  const target = event.target as HTMLElement | null
  if (target?.matches?.('input:not([type=checkbox], [type=radio]), textarea, select, dialog *')) return null
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return KEYS.find((one) => one.key === key)?.command ?? null
}
