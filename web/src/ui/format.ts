// Values as people read them.

export function count(value: number, tag: string): string {
  return new Intl.NumberFormat(tag).format(value)
}

export function metres(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value))
}

export function time(at: Date, tag: string): string {
  return new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(at)
}

export function attribute(value: unknown, type: string | undefined, tag: string, yes: string, no: string): string {
  if (typeof value === 'boolean') return value ? yes : no
  if (typeof value === 'number') {
    return new Intl.NumberFormat(tag, { maximumFractionDigits: 6, useGrouping: type !== 'int' || Math.abs(value) >= 1e5 }).format(value)
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

// On plain http away from localhost there is no clipboard API.
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'visually-hidden'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}
