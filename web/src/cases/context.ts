// What the fields of a form need from the page around them.
import { type InjectionKey, type Ref, type ShallowRef, shallowRef, watch } from 'vue'
import { locate } from '../api/client'
import type { Layer, Located } from '../api/types'
import type { Picked } from '../map/pick'
import type { Place } from '../ui/urlState'
import type { Candidate, Form, Point } from './api'

// Picking is a field that takes the next clicks on the map.
export interface Picking {
  field: string
  take(place: Place, stack: Picked[]): void
}

export interface FormContext {
  caseId: string
  layers: Readonly<ShallowRef<Layer[]>>
  // Where the matter is, as far as it is known, and what is there.
  point: Readonly<Ref<Point | null>>
  located: Readonly<ShallowRef<Located | null>>
  // What the case says, for suggestions and duplicates.
  form: () => Form
  picking: ShallowRef<Picking | null>
  // Who can be named in the form; absent where only managers of people know.
  persons?: (text: string, signal: AbortSignal) => Promise<Candidate[]>
  // A photo said where it was taken.
  photographed?: (point: Point) => void
}

export const CONTEXT: InjectionKey<FormContext> = Symbol('form')

// useLocated follows a point and tells what is there.
export function useLocated(point: Readonly<Ref<Point | null>>) {
  const located = shallowRef<Located | null>(null)
  const problem = shallowRef<string | null>(null)
  let asked = new AbortController()
  watch(
    () => (point.value ? `${point.value.lon},${point.value.lat}` : ''),
    async () => {
      asked.abort()
      asked = new AbortController()
      const { signal } = asked
      const at = point.value
      problem.value = null
      if (!at) {
        located.value = null
        return
      }
      try {
        const answer = await locate(at.lon, at.lat, signal)
        if (!signal.aborted) located.value = answer
      } catch (cause) {
        if (!signal.aborted) problem.value = (cause as Error).message
      }
    },
    { immediate: true },
  )
  return { located, problem }
}
