// Questions about cases, and what the answers look like.
import { ApiError } from '../api/client'
import type { components } from '../api/schema'
import type { Title } from '../api/types'
import type { Who } from './who'

type Schemas = components['schemas']

export type Point = Schemas['CasePoint']
export type ClassRef = Schemas['CaseClass']
export type CasePlace = Schemas['CasePlace']
export type PartRef = CasePlace['parts'][number]
export type Duty = Schemas['CaseDuty']
export type Clock = Schemas['CaseClock']
// Light is empty for none; grey is a clock that stands still.
export type Light = Clock['light']
export type Field = Schemas['CaseField']
export type Reason = Schemas['CaseRefusal']
export type Offer = Schemas['CaseOffer']
export type Summary = Schemas['CaseSummary']
export type Case = Schemas['Case']
export type CaseEvent = Schemas['CaseEvent']
// Form is what is filled in at a step. Fields of the process that have no member of their own are in fields, as text.
export type Form = Schemas['CaseForm']
export type FileRef = NonNullable<Form['before']>[number]
// A photo of a case says whether the public sees it.
export type Photo = FileRef & { public?: boolean }
export type Quantity = NonNullable<Form['quantity']>[number]
export type Match = Schemas['CaseMatch']
export type Actor = Schemas['CaseActor']
export type Candidate = Schemas['CaseCandidate']
export type Command = Schemas['CaseCommand']
// The document leaves the languages of plan and standard open.
export type ClassInfo = Omit<Schemas['CaseClassFull'], 'plan' | 'standard'> & { plan?: Title; standard?: Title }

export interface Acting {
  person?: string
  organisation?: string
  post: string
}

// Refused is an answer of the service that says no, with what a form needs to tell why.
export class Refused extends ApiError {
  constructor(
    status: number,
    message: string,
    readonly field: string,
    readonly refusal: Reason | null,
  ) {
    super(status, message)
  }
}

export interface Asked {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

// askService asks the service. Every question carries the header that a page of another site cannot send.
export async function askService<T>(path: string, { method = 'GET', body, headers, signal }: Asked = {}): Promise<{ data: T; now: number }> {
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      signal,
      headers: { 'X-Gewu-Request': '1', ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Refused(0, String(cause), '', null)
  }
  const told = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refused(answer.status, told.detail || told.title || answer.statusText || String(answer.status), told.field ?? '', told.refusal ?? null)
  // A server whose clock is moved by hand says what time it is; others tell by the header.
  const now = Date.parse(told.now ?? answer.headers.get('Date') ?? '')
  return { data: told as T, now: Number.isNaN(now) ? Date.now() : now }
}

const segment = encodeURIComponent
const casePath = (id: string) => `/v1/cases/${segment(id)}`

// withWho adds by whom is asked, where the server is open and somebody was chosen.
export function withWho(path: string, who: Who, post = false): string {
  const query = new URLSearchParams()
  if (who.person) query.set('person', who.person)
  if (post && who.post) query.set('post', who.post)
  if (post && who.organisation) query.set('organisation', who.organisation)
  const text = query.toString()
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path
}

export const listCases = (query: URLSearchParams, who: Who, signal?: AbortSignal) =>
  askService<Schemas['CaseList']>(withWho(`/v1/cases?${query}`, who, query.get('inbox') === 'true'), { signal })

export const countCases = async (query: URLSearchParams, by: string, who: Who, signal?: AbortSignal) => {
  const asked = new URLSearchParams(query)
  if (by) asked.set('by', by)
  return (await askService<Schemas['CaseCount']>(withWho(`/v1/cases/count?${asked}`, who), { signal })).data
}

export const readCase = (id: string, who: Who, signal?: AbortSignal) => askService<Case>(withWho(casePath(id), who), { signal })

export const readEvents = async (id: string, who: Who, signal?: AbortSignal) =>
  (await askService<{ events: CaseEvent[] }>(withWho(`${casePath(id)}/events`, who), { signal })).data.events

export const readOffers = async (id: string, who: Who, signal?: AbortSignal) =>
  (await askService<{ offers: Offer[] }>(withWho(`${casePath(id)}/offers`, who), { signal })).data.offers

// readPersons are those who can be named in the form of an action.
export async function readPersons(id: string, action: string, as: Acting, who: Who, q: string, unit: string | undefined, signal?: AbortSignal): Promise<Candidate[]> {
  const query = new URLSearchParams({ action, post: as.post, ...(as.organisation && { organisation: as.organisation }), ...(q && { q }), ...(unit && { unit }) })
  return (await askService<{ persons: Candidate[] }>(withWho(`${casePath(id)}/persons?${query}`, who), { signal })).data.persons
}

// actAs is the member `as` of a command: the post of the offer, and on an open server the person who was chosen.
export function actAs(as: Acting | undefined, who: Who): Acting | undefined {
  const post = as?.post ?? who.post
  if (!post) return undefined
  const organisation = as?.organisation ?? who.organisation
  const person = who.person && post !== 'public' ? who.person : undefined
  return { ...(person && { person }), ...(organisation && { organisation }), post }
}

export const beginCase = async (command: Command, key: string) =>
  (await askService<Schemas['CaseDone']>('/v1/cases', { method: 'POST', body: command, headers: { 'Idempotency-Key': key } })).data.case

export const act = async (id: string, command: Command, version: number, key: string) =>
  (
    await askService<Schemas['CaseDone']>(`${casePath(id)}/actions`, {
      method: 'POST',
      body: { ...command, if_version: version },
      headers: { 'Idempotency-Key': key, 'If-Match': `"${version}"` },
    })
  ).data

// A question about a report says in its body by whom it is asked.
const asBody = (form: Form, who: Who) => ({ ...(who.person && { as: { person: who.person } }), form })

export const findDuplicates = async (form: Form, who: Who, signal?: AbortSignal) =>
  (await askService<{ matches: Match[] }>('/v1/cases/duplicates', { method: 'POST', body: asBody(form, who), signal })).data.matches

// postsOf are the posts by which somebody may act.
export const postsOf = async (who: Who) => (await askService<{ posts: Actor[] }>(withWho('/v1/cases/form', who))).data.posts

export const beginnings = async (who: Who, signal?: AbortSignal) =>
  (await askService<{ actions: Offer[] }>(withWho('/v1/cases/form', who, true), { signal })).data.actions

export const dryRoute = async (form: Form, who: Who, signal?: AbortSignal) =>
  (await askService<{ answer: Duty }>('/v1/cases/route', { method: 'POST', body: asBody(form, who), signal })).data.answer

export const suggestClasses = async (words: string, signal?: AbortSignal) =>
  (await askService<{ suggestions: { class: ClassRef; score: number }[] }>(`/v1/classes/suggest?${new URLSearchParams({ words, limit: '3' })}`, { signal })).data.suggestions

let classes: Promise<ClassInfo[]> | null = null

// listClasses reads the classes once: they change with an edition, not within a day.
export function listClasses(): Promise<ClassInfo[]> {
  classes ??= askService<{ classes: ClassInfo[] }>('/v1/classes').then(
    ({ data }) => data.classes,
    (cause) => {
      classes = null
      throw cause
    },
  )
  return classes
}

export interface Organisation {
  id: string
  title: Title
  level?: string
}

export const listOrganisations = async (q: string, signal?: AbortSignal) =>
  (await askService<{ organisations: Organisation[] }>(`/v1/organisations?${new URLSearchParams({ ...(q && { q }), limit: '20' })}`, { signal })).data.organisations

export const readOrganisation = async (id: string) => (await askService<Organisation>(`/v1/organisations/${segment(id)}`)).data

export interface Person {
  id: string
  name: string
  current?: { post: string; organisation: string }[]
}

export const listStaff = async (q: string, limit: number) =>
  (await askService<{ staff: Person[] }>(`/v1/staff?${new URLSearchParams({ ...(q && { q }), limit: String(limit) })}`)).data.staff

export const fileURL = (file: FileRef, size: 'thumb' | 'full') => `/v1/attachments/${segment(file.hash)}?size=${size}`

// openPhoto lets the public see a photo of a case, or takes it away again.
export const openPhoto = (id: string, file: FileRef, open: boolean, who: Who) =>
  askService<{ public: boolean; version: number }>(withWho(`${casePath(id)}/attachments/${segment(file.hash)}/public`, who, true), { method: open ? 'PUT' : 'DELETE' })

// Uploaded is what the service says of a file: a photo may tell where and when it was taken.
export interface Uploaded extends FileRef {
  point?: Point
}

// upload sends a file; progress is told as a share from 0 to 1.
export function upload(file: Blob, progress: (share: number) => void, signal?: AbortSignal): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/v1/attachments')
    request.setRequestHeader('X-Gewu-Request', '1')
    if (file.type) request.setRequestHeader('Content-Type', file.type)
    request.responseType = 'json'
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total)
    request.onload = () => {
      const told = request.response ?? {}
      if (request.status >= 200 && request.status < 300) resolve(told as Uploaded)
      else reject(new Refused(request.status, told.detail || told.title || request.statusText || String(request.status), told.field ?? '', null))
    }
    request.onerror = () => reject(new Refused(0, 'network', '', null))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    signal?.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}
