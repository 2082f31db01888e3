// Questions about accounts. Each carries the header that a page of another
// site cannot send.
import { ApiError } from '../api/client'
import type { components } from '../api/schema'

type Schemas = components['schemas']
export type Me = Schemas['Me']
export type Account = Schemas['Account']
export type Key = Schemas['Key']
export type Link = Schemas['Link']
export type Session = Schemas['Sessions']['sessions'][number]

// Refusal is an ApiError that knows which field was wrong.
export class Refusal extends ApiError {
  constructor(
    status: number,
    message: string,
    readonly field: string,
  ) {
    super(status, message)
  }
}

export async function ask<T = void>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { 'X-Gewu-Request': '1' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  let answer: Response
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  } catch (cause) {
    throw new Refusal(0, String(cause), '')
  }
  if (answer.status === 204) return undefined as T
  const told = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refusal(answer.status, told.detail || told.title || answer.statusText, told.field ?? '')
  return told as T
}

export type View = 'login' | 'invitation' | 'reset' | 'mine' | 'people'

// viewIn is the page about accounts that an address asks for, or null.
export function viewIn(path: string): View | null {
  const [, first, second = '', ...rest] = path.split('/')
  if (first !== 'account' || rest.some(Boolean)) return null
  if (second === '') return 'mine'
  return second === 'login' || second === 'invitation' || second === 'reset' || second === 'people' ? second : null
}
