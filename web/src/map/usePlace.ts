// The chosen place and feature, and what the server says about them.
import { type Ref, computed, ref, shallowRef, watch } from 'vue'
import { ApiError, locate, readFeature } from '../api/client'
import type { Feature, Located } from '../api/types'
import { settings } from '../ui/settings'
import type { Place, Selection } from '../ui/urlState'
import type { Picked } from './pick'
import type { When } from './when'

export const same = (a: Selection | null, b: Selection | null) => a?.layer === b?.layer && a?.id === b?.id

export function usePlace(when: Readonly<Ref<When>>) {
  const place = shallowRef<Place | null>(null)
  const selection = shallowRef<Selection | null>(null)
  const stack = shallowRef<Picked[]>([])
  const feature = shallowRef<Feature | null>(null)
  const located = shallowRef<Located | null>(null)
  const loading = ref(false)
  const gone = ref(false)
  const problem = ref<string | null>(null)
  const open = computed(() => place.value !== null || selection.value !== null)
  let asked = new AbortController()

  function choose(next: { place: Place | null; selection: Selection | null; stack?: Picked[] }): void {
    const otherFeature = !same(selection.value, next.selection)
    const otherPlace = place.value?.lon !== next.place?.lon || place.value?.lat !== next.place?.lat
    place.value = next.place
    selection.value = next.selection
    if (next.stack) stack.value = next.stack
    else if (otherPlace) stack.value = []
    if (otherFeature) feature.value = null
    if (otherPlace) located.value = null
    void refresh()
  }

  // refresh asks again without clearing what is shown, so that a live change
  // does not make the panel flicker.
  async function refresh(): Promise<void> {
    asked.abort()
    asked = new AbortController()
    const { signal } = asked
    const [at, wanted] = [place.value, selection.value]
    loading.value = true
    const answers = await Promise.allSettled([
      wanted ? readFeature(wanted.layer, wanted.id, signal, when.value, settings.lang.value) : null,
      at ? locate(at.lon, at.lat, signal, when.value) : null,
    ])
    if (signal.aborted) return
    loading.value = false
    const [one, two] = answers
    problem.value = null
    gone.value = one.status === 'rejected' && one.reason instanceof ApiError && [404, 410].includes(one.reason.status)
    if (one.status === 'fulfilled') feature.value = one.value
    else if (!gone.value) problem.value = (one.reason as Error).message
    if (two.status === 'fulfilled') located.value = two.value
    else problem.value = (two.reason as Error).message
  }

  // What codes mean comes in the language of the page.
  watch(settings.lang, () => {
    if (selection.value) void refresh()
  })

  // step moves through the stack and wraps around.
  function step(by: number): void {
    const all = stack.value
    if (all.length < 2) return
    const now = all.findIndex((picked) => same(picked, selection.value))
    const next = all[(now + by + all.length) % all.length]!
    choose({ place: place.value, selection: { layer: next.layer, id: next.id } })
  }

  return { place, selection, stack, feature, located, loading, gone, problem, open, choose, refresh, step }
}
