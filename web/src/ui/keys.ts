// One table for the keys and for the sheet that explains them.
export interface Shortcut {
  keys: string[]
  text: string
  group: 'find' | 'map' | 'panel'
}

export const MAC = /Mac|iPhone|iPad/.test(navigator.platform)

export const SHORTCUTS: Shortcut[] = [
  { group: 'find', keys: ['/', MAC ? '⌘ K' : 'Ctrl K'], text: 'search' },
  { group: 'find', keys: ['↑', '↓', 'Enter', '1', '…', '9'], text: 'results' },
  { group: 'map', keys: ['H'], text: 'home' },
  { group: 'map', keys: ['+', '−'], text: 'zoom' },
  { group: 'map', keys: ['↑', '↓', '←', '→'], text: 'pan' },
  { group: 'map', keys: ['Enter'], text: 'pick' },
  { group: 'map', keys: ['[', ']'], text: 'stack' },
  { group: 'panel', keys: ['L'], text: 'layers' },
  { group: 'panel', keys: ['1', '…', '9'], text: 'layer' },
  { group: 'panel', keys: ['D'], text: 'theme' },
  { group: 'panel', keys: ['C'], text: 'copy' },
  { group: 'panel', keys: ['S'], text: 'system' },
  { group: 'panel', keys: ['?'], text: 'help' },
  { group: 'panel', keys: ['Esc'], text: 'escape' },
]

// The preview of a tileset knows fewer, and some of its own.
const SHARED = ['home', 'zoom', 'pan', 'pick', 'stack', 'layers', 'layer', 'help', 'escape']
export const PREVIEW_SHORTCUTS: Shortcut[] = [
  ...SHORTCUTS.filter(({ text }) => SHARED.includes(text)),
  { group: 'panel', keys: ['D'], text: 'style' },
  { group: 'panel', keys: ['B'], text: 'edges' },
]

export type Command =
  | 'search'
  | 'home'
  | 'zoomIn'
  | 'zoomOut'
  | 'previous'
  | 'next'
  | 'layers'
  | 'theme'
  | 'copy'
  | 'system'
  | 'edges'
  | 'help'
  | 'escape'

const PLAIN: Record<string, Command> = {
  '/': 'search',
  h: 'home',
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '[': 'previous',
  ']': 'next',
  l: 'layers',
  d: 'theme',
  c: 'copy',
  s: 'system',
  b: 'edges',
  '?': 'help',
}

// commandFor returns what a key means, a number for "layer n", or nothing
// while somebody is typing.
export function commandFor(event: KeyboardEvent): Command | number | null {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') return 'search'
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null
  const target = event.target as HTMLElement | null
  // Nothing is typed into a switch or a slider.
  const typing = target?.matches?.('input:not([type=radio], [type=checkbox], [type=range]), textarea, select, [contenteditable]') ?? false
  if (event.key === 'Escape') return 'escape'
  if (typing) return null
  if (/^[1-9]$/.test(event.key)) return Number(event.key)
  return PLAIN[event.key.toLowerCase()] ?? null
}
