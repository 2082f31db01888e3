// The dictionaries of the layers on the page, each asked for once.
import { shallowRef } from 'vue'
import { readDictionary } from '../api/client'
import type { Dictionary, Layer } from '../api/types'

export function useDictionaries() {
  const known = shallowRef<ReadonlyMap<string, Dictionary>>(new Map())
  const asked = new Set<string>()

  // need fetches those that a layer's codes are from. Without one its codes are shown as they are.
  function need(layer: Layer | undefined): void {
    for (const { dictionary } of layer?.attributes ?? []) {
      if (!dictionary || asked.has(dictionary)) continue
      asked.add(dictionary)
      readDictionary(dictionary).then(
        (found) => (known.value = new Map(known.value).set(dictionary, found)),
        () => asked.delete(dictionary),
      )
    }
  }

  return { known, need }
}
