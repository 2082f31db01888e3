// By whom the pages ask: the account, or on an open server whoever was chosen to act as.
import { readonly, ref, shallowRef } from 'vue'
import { readJSON } from '../api/client'
import { type Actor, type Person, listStaff, postsOf } from './api'

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
const posts = shallowRef<Actor[]>([])
const ready = ref(false)

export const acting = { who: readonly(who), me: readonly(me), people: readonly(people), posts: readonly(posts), ready: readonly(ready) }

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

// begin asks once who is here. What it cannot learn the pages do without.
export async function begin(): Promise<void> {
  if (ready.value) return
  me.value = await readJSON<Me>('/v1/me').catch(() => null)
  const kept = recall()
  if (me.value?.open && me.value.cases) {
    people.value = (await listStaff('', MOST_PEOPLE).catch(() => [])).filter((person) => person.current?.length)
    if (people.value.some((person) => person.id === kept.person)) who.value = { person: kept.person }
  }
  await learn(kept)
  ready.value = true
}

// learn asks for the posts of whoever acts; one that was chosen before stays.
async function learn(kept: Who): Promise<void> {
  posts.value = me.value?.cases ? await postsOf(who.value).catch(() => []) : []
  if (posts.value.some((one) => one.post === kept.post && one.organisation === kept.organisation)) choosePost(kept as Actor)
}

// actAsPerson chooses on an open server by whom everything is asked from now on.
export function actAsPerson(id: string): void {
  who.value = people.value.some((one) => one.id === id) ? { person: id } : {}
  keep()
  void learn({})
}

// choosePost narrows the list to one of several posts; null is all of them.
export function choosePost(held: Pick<Actor, 'post' | 'organisation'> | null): void {
  who.value = { ...(who.value.person && { person: who.value.person }), ...(held && { post: held.post, organisation: held.organisation }) }
  keep()
}
