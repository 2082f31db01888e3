// What was typed and not yet sent: kept while the browser's tab lives, so that
// neither a reload nor a stale version loses it.
import type { Values } from './form'

interface Kept {
  values: Values
  // The last thing that was sent with the key under which it was sent.
  sent?: { body: string; key: string }
}

const name = (form: string) => `gewu.cases.draft.${form}`

function read(form: string): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(name(form)) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

function write(form: string, kept: Kept | null): void {
  try {
    if (kept) sessionStorage.setItem(name(form), JSON.stringify(kept))
    else sessionStorage.removeItem(name(form))
  } catch {
    // Full or forbidden: the page works without a memory.
    return
  }
}

// newKey is 128 random bits. randomUUID exists only where the page is secure.
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// Draft is one form of one case. Its key belongs to what is sent: the same body
// again after a broken connection is the same command, another body a new one.
export class Draft {
  private kept: Kept

  constructor(private readonly form: string) {
    this.kept = read(form) ?? { values: {} }
  }

  get values(): Values {
    return this.kept.values
  }

  get begun(): boolean {
    return Object.keys(this.kept.values).length > 0
  }

  keep(values: Values): void {
    this.kept = { ...this.kept, values }
    write(this.form, this.kept)
  }

  keyFor(body: unknown): string {
    const text = JSON.stringify(body)
    if (this.kept.sent?.body !== text) this.kept = { ...this.kept, sent: { body: text, key: newKey() } }
    write(this.form, this.kept)
    return this.kept.sent!.key
  }

  drop(): void {
    this.kept = { values: {} }
    write(this.form, null)
  }
}
