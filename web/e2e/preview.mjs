// Checks of the preview of a tileset.
import { join } from 'node:path'
import { accessible, api, base, check, complaints, expect, expectText, write } from './checks.mjs'
import { MapDriver, sleep, until } from './driver.mjs'

const CENTRE = [121.5436, 25.0375]

export async function checkPreview(browser, shots) {
  let map
  const open = async (options) => {
    await map?.close()
    map = await MapDriver.open(browser, base, { complaints, ...options })
  }
  const background = () =>
    map.page.evaluate(async () => (await fetch(`/styles/${document.querySelector('input[name=style]:checked').value}.json`)).json()).then((style) => style.layers[0].paint['background-color'])
  const shot = (name) => map.page.screenshot({ path: join(shots, `${name}.png`) })

  await check('a preview lists what the tiles hold', async () => {
    await open({ path: '/preview/trees,units,units_totals', hash: `#m=18/${CENTRE[1]}/${CENTRE[0]}` })
    const { vector_layers: layers } = await api('/tiles/trees,units,units_totals.json')
    const rows = map.page.locator('.tile-layer')
    const rowOf = (id) => map.page.locator(`.tile-layer[data-layer="${id}"]`)
    expect((await rows.count()) === layers.length, `${await rows.count()} rows for ${layers.length} layers`)
    for (const { id, minzoom, maxzoom, fields } of layers) {
      expectText(await rowOf(id).innerText(), `${minzoom}–${maxzoom} 级`, `${Object.keys(fields).length} 个属性`)
    }
    await rowOf('trees').locator('summary').click()
    expectText(await rowOf('trees').innerText(), 'diameter', '胸径', 'cm')
    await accessible(map, 'preview')
    return layers.map(({ id }) => id).join(' ')
  })

  await check('a layer is hidden alone, its names too', async () => {
    const box = (id) => map.page.locator(`.tile-layer[data-layer="${id}"]`).getByRole('checkbox')
    await box('units').uncheck()
    await until('no cells', async () => (await map.drawn('units')).length === 0)
    expect((await map.drawn('trees')).length > 0, 'trees are gone as well')
    await until('hidden in the link', async () => (await map.hash()).includes('off=units'))
    await box('units').check()
    await until('cells again', async () => (await map.drawn('units')).length > 0)
  })

  await check('a click shows every feature there with its attributes', async () => {
    const [tree] = await map.drawn('trees')
    const { geometry, properties } = await api(`/v1/layers/trees/features/${encodeURIComponent(tree.id)}`)
    await map.jump(...geometry.coordinates, 19)
    await map.clickAt(...geometry.coordinates)
    await map.page.locator('.inspector-head').first().waitFor()
    expectText(await map.inspector(), '行道树', '单元网格（汇总）', properties.tree_type, '胸径', tree.id)
    const { cells } = await api(`/v1/locate?lon=${geometry.coordinates[0]}&lat=${geometry.coordinates[1]}`)
    expectText(await map.inspector(), cells[0].code)
    await accessible(map, 'inspector')
    return `${await map.page.locator('.inspector-head').count()} features`
  })

  await check('the keyboard alone steps through them', async () => {
    await map.page.keyboard.press('Escape')
    await until('panel closed', async () => (await map.page.locator('.inspector').count()) === 0)
    await map.page.locator('.maplibregl-canvas').focus()
    await map.page.keyboard.press('Enter')
    await map.page.locator('.inspector-head[aria-expanded="true"]').waitFor()
    // Two trees side by side may have one name.
    const name = () => map.page.locator('.inspector-head[aria-expanded="true"]').getAttribute('aria-controls')
    const first = await name()
    await map.page.keyboard.press(']')
    await until('the next feature', async () => (await name()) !== first)
    await until('focus on it', () => map.page.evaluate(() => document.activeElement.getAttribute('aria-expanded') === 'true'))
    await map.page.keyboard.press('[')
    await until('back', async () => (await name()) === first)
  })

  await check('an edit shows in the open inspector', async () => {
    const [tree] = await map.drawn('trees')
    const { type, id, geometry, properties } = await api(`/v1/layers/trees/features/${encodeURIComponent(tree.id)}`)
    await map.jump(...geometry.coordinates, 19)
    await map.clickAt(...geometry.coordinates)
    const put = (tree_type) => write([{ op: 'put', layer: 'trees', feature: { type, id, geometry, properties: { ...properties, tree_type } } }])
    const mark = `測試 ${Date.now()}`
    try {
      await put(mark)
      const { ms } = await until('edit in the inspector', async () => (await map.inspector()).includes(mark), 5_000)
      return `${ms} ms`
    } finally {
      await put(properties.tree_type)
    }
  })

  await check('light, dark and paper, accessible', async () => {
    const seen = new Set()
    for (const style of ['浅色', '深色', '印刷']) {
      await map.page.getByText(style, { exact: true }).click()
      await sleep(300)
      await map.idle()
      seen.add(await background())
      await shot(`preview-${['light', 'dark', 'print'][seen.size - 1]}`)
      await accessible(map, style)
    }
    expect(seen.size === 3, [...seen].join(' '))
    const sprite = await map.page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => /\/v1\/sprites\/print(@2x)?\.png/.test(name)))
    expect(sprite, 'the symbols for paper were not asked for')
  })

  await check('a link restores everything, in English, on a phone', async () => {
    await map.page.keyboard.press('b')
    await map.page.locator('.lang-button').click()
    await until('English', () => map.page.evaluate(() => document.documentElement.lang === 'en'))
    await until('all in the link', async () => /at=.*sel=.*style=print.*edges=1.*lang=en/.test(await map.hash()))
    const hash = await map.hash()
    const before = await map.page.locator('.inspector-head[aria-expanded="true"]').innerText()
    const path = new URL(map.page.url()).pathname
    await open({ path, hash, width: 360, height: 740, locale: 'en-GB' })
    await map.page.locator('.inspector-head[aria-expanded="true"]').waitFor()
    const after = await map.page.locator('.inspector-head[aria-expanded="true"]').innerText()
    expect(after === before, `${before} became ${after}`)
    expect(await map.page.getByLabel('Tile edges').isChecked(), 'edges are not drawn')
    expect(await map.page.getByLabel('Print').isChecked(), 'another style')
    const wide = await map.page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    expect(!wide, 'the page is wider than the screen')
    await shot('preview-phone')
    await accessible(map, 'phone')
    const violations = await map.violations()
    expect(!violations.length, violations.join('; '))
  })

  await check('a tileset that is not there is named', async () => {
    const context = await browser.newContext({ locale: 'zh-CN' })
    const page = await context.newPage()
    await page.goto(`${base}/preview/nowhere`)
    await page.getByRole('alert').waitFor()
    expectText(await page.getByRole('alert').innerText(), 'is not a layer')
    await context.close()
  })
  await map.close()
}
