// What an automated browser may ask the page. People never get it.
import type { MapController } from './controller'
import type { Picked } from './pick'

export interface TestHook {
  drawn(layer: string, id?: string): Picked[]
  project(lon: number, lat: number): { x: number; y: number }
  jump(lon: number, lat: number, zoom: number): void
  live(): unknown
}

export function exposeToTests(controller: MapController, live: () => unknown): void {
  if (!navigator.webdriver) return
  const hook: TestHook = {
    drawn: (layer, id) => controller.drawn(layer, id),
    project: (lon, lat) => {
      const { x, y } = controller.map.project([lon, lat])
      return { x, y }
    },
    jump: (lon, lat, zoom) => controller.jump({ lon, lat, zoom }),
    live,
  }
  Object.assign(window, { gewu: hook })
}
