// The pages about cases by their addresses.
export type CaseView = { page: 'inbox' } | { page: 'new' } | { page: 'case'; id: string }

// caseViewIn is the page about cases that an address asks for, or null.
export function caseViewIn(path: string): CaseView | null {
  const [, first, second = '', ...rest] = path.split('/')
  if (first !== 'cases' || rest.some(Boolean)) return null
  if (!second) return { page: 'inbox' }
  if (second === 'new') return { page: 'new' }
  try {
    return { page: 'case', id: decodeURIComponent(second) }
  } catch {
    return null
  }
}

export const caseHref = (id: string) => `/cases/${encodeURIComponent(id)}`
