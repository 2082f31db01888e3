// By whom the pages ask: the account, or on an open server whoever was chosen to act as.
import { readonly, ref, shallowRef } from 'vue'
import { readJSON } from '../api/client'
import type { Title } from '../api/types'
import { type Holding, type Person, listPosts, listStaff, readPerson } from './api'

export interface Who {
  // Staff id; only sent where the server is open.
  person?: string
  organisation?: string
  post?: string
}

interface Me {
  open: boolean
  demo: boolean
  cases?: boolean
  account?: { login: string; staff?: string }
}

const MOST_PEOPLE = 200
const KEPT = 'gewu.cases.who'

const who = shallowRef<Who>({})
const me = shallowRef<Me | null>(null)
const people = shallowRef<Person[]>([])
const holdings = shallowRef<Holding[]>([])
const titles = shallowRef<ReadonlyMap<string, Title>>(new Map())
const ready = ref(false)

export const acting = { who: readonly(who), me: readonly(me), people: readonly(people), holdings: readonly(holdings), titles: readonly(titles), ready: readonly(ready) }

function recall(): Who {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Who
  } catch {
    return {}
  }
}

function keep(): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(who.value))
  } catch {
    return
  }
}

const holds = (one: Who) => (held: Holding) => held.post === one.post && held.organisation === one.organisation

// begin asks once who is here. What it cannot learn, such as the titles of
// posts, the pages do without.
export async function begin(): Promise<void> {
  if (ready.value) return
  me.value = await readJSON<Me>('/v1/me').catch(() => null)
  const asked = listPosts().then(
    (posts) => (titles.value = new Map(posts.map((post) => [post.id, post.title]))),
    () => null,
  )
  const kept = recall()
  if (me.value?.open) {
    people.value = (await listStaff('', MOST_PEOPLE).catch(() => [])).filter((person) => person.current?.length)
    const before = people.value.find((person) => person.id === kept.person)
    holdings.value = before?.current ?? []
    who.value = before ? { person: before.id, ...(holdings.value.some(holds(kept)) && { post: kept.post, organisation: kept.organisation }) } : {}
  } else if (me.value?.account?.staff) {
    holdings.value = (await readPerson(me.value.account.staff).catch(() => null))?.current ?? []
    who.value = holdings.value.some(holds(kept)) ? { post: kept.post, organisation: kept.organisation } : {}
  }
  await asked
  ready.value = true
}

// actAsPerson chooses on an open server by whom everything is asked from now on.
export function actAsPerson(id: string): void {
  const person = people.value.find((one) => one.id === id)
  holdings.value = person?.current ?? []
  who.value = person ? { person: id } : {}
  keep()
}

// choosePost narrows the list to one of several posts; null is all of them.
export function choosePost(held: Holding | null): void {
  who.value = { ...(who.value.person && { person: who.value.person }), ...(held && { post: held.post, organisation: held.organisation }) }
  keep()
}
