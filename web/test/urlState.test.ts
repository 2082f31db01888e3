import { describe, expect, it } from 'vitest'
import { type UrlState, decodeState, encodeState } from '../src/ui/urlState'

const full: UrlState = {
  view: { zoom: 15.25, lat: 25.0375, lon: 121.5436 },
  hidden: ['addresses', 'trees'],
  opacity: { villages: 0.4 },
  selection: { layer: 'units', id: 'A6301-0026-00' },
  place: { lon: 121.5654321, lat: 25.0330123 },
  when: '2026-03-01',
  theme: 'dark',
  lang: 'en',
  style: 'print',
  edges: true,
}

describe('the view in the address', () => {
  it('comes back as it was', () => {
    expect(decodeState(encodeState(full))).toEqual(full)
    expect(decodeState(encodeState({ hidden: [], opacity: {} }))).toEqual({ hidden: [], opacity: {} })
  })

  it.each(['a/b', 'a&b=c', '路 1#号', '100%', 'a,b:c'])('keeps the id %s', (id) => {
    const state: UrlState = { hidden: [], opacity: {}, selection: { layer: 'trees', id } }
    expect(decodeState(encodeState(state)).selection).toEqual({ layer: 'trees', id })
  })

  it('starts with the place on the map', () => {
    expect(encodeState(full)).toMatch(/^#m=15\.25\/25\.0375\/121\.5436&/)
  })

  it.each(['', '#', '#m=', '#m=1/2', '#m=a/b/c', '#m=5/95/10', '#sel=units', '#theme=pink&lang=fr', '#style=sepia&edges=yes', '#op=x:200,y', '#at=,', '#m=1//2', '#t=2026-02-30', '#t=2026-3-1', '#t=yesterday', '#t='])(
    'opens the map in spite of %s',
    (hash) => expect(decodeState(hash)).toEqual({ hidden: [], opacity: {} }),
  )

  it('survives a broken escape', () => {
    expect(decodeState('#sel=units/%E4%').selection).toEqual({ layer: 'units', id: '%E4%' })
  })
})
