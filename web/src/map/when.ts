// The date for which the page shows the city; null is the present.
import type { InjectionKey, Ref } from 'vue'

export type When = string | null

export const WHEN: InjectionKey<Readonly<Ref<When>>> = Symbol('when')
