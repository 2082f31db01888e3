// The layers of the city and the live connection that keeps them current.
import { type Ref, onScopeDispose, ref, shallowRef } from 'vue'
import { listLayers } from '../api/client'
import { LiveClient, type LiveState } from '../api/live'
import type { Change, Layer, TileRange } from '../api/types'
import { inOrder } from './roles'
import { pace } from '../ui/pace'
import type { When } from './when'

export interface CityHandlers {
  // Tiles and layers that changed since the last call.
  changed(ranges: TileRange[], layers: Set<string>): void
  // Anything may have changed.
  reset(): void
  // Layers were added, altered or dropped.
  redefined(): void
}

const TILES_MS = 200
const LAYERS_MS = 1_200

export function useCity(when: Readonly<Ref<When>>, handlers: CityHandlers) {
  const layers = shallowRef<Layer[] | null>(null)
  // The date for which the layers were counted.
  const counted = ref<When>(null)
  const problem = ref<string | null>(null)
  const live = ref<{ state: LiveState; seq: number | null; at: Date | null }>({ state: 'connecting', seq: null, at: null })

  async function load(): Promise<void> {
    const asked = when.value
    try {
      const found = inOrder(await listLayers(asked))
      if (asked !== when.value) return
      counted.value = asked
      layers.value = found
      problem.value = null
    } catch (cause) {
      problem.value = (cause as Error).message
    }
  }

  let ranges: TileRange[] = []
  let touched = new Set<string>()
  const flush = pace(() => {
    const [changedRanges, changedLayers] = [ranges, touched]
    ranges = []
    touched = new Set()
    handlers.changed(changedRanges, changedLayers)
  }, TILES_MS)
  const recount = pace(() => void load(), LAYERS_MS)

  const client = new LiveClient({
    change(change: Change) {
      ranges.push(...(change.tiles ?? []))
      for (const layer of change.layers ?? []) touched.add(layer)
      flush.call()
      if (change.defined) void load().then(handlers.redefined)
      else recount.call()
    },
    reset() {
      handlers.reset()
      recount.call()
    },
    status(state, seq) {
      const moved = seq !== live.value.seq
      live.value = { state, seq, at: moved ? new Date() : live.value.at }
    },
  })

  const online = () => client.retry()
  addEventListener('online', online)
  onScopeDispose(() => {
    client.stop()
    flush.cancel()
    recount.cancel()
    removeEventListener('online', online)
  })

  return { layers, counted, problem, live, load, start: () => client.start(), retry: () => client.retry() }
}
