// Verbs of the map page for the smoke test.
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const axeSource = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8')

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// until polls, because under the content policy a string cannot be waited for.
export async function until(what, test, limit = 20_000, step = 20) {
  const start = performance.now()
  for (;;) {
    const value = await test()
    if (value) return { value, ms: Math.round(performance.now() - start) }
    if (performance.now() - start > limit) throw new Error(`${what}: not within ${limit} ms`)
    await sleep(step)
  }
}

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--disable-gpu'],
  })
}

export class MapDriver {
  static async open(browser, base, { path = '/', hash = '', width = 1360, height = 820, complaints, locale = 'zh-CN' }) {
    const context = await browser.newContext({
      viewport: { width, height },
      locale,
      timezoneId: 'Asia/Shanghai',
      reducedMotion: 'reduce',
      serviceWorkers: 'block',
    })
    const page = await context.newPage()
    page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`console: ${message.text()} ${message.location().url}`)
    })
    await context.addInitScript(() => {
      window.violations = []
      document.addEventListener('securitypolicyviolation', (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
      )
    })
    const driver = new MapDriver(page, context)
    const response = await page.goto(`${base}${path}${hash}`)
    driver.policy = response.headers()['content-security-policy'] ?? ''
    await driver.idle()
    return driver
  }

  constructor(page, context) {
    this.page = page
    this.context = context
  }

  close() {
    return this.context.close()
  }

  async idle() {
    await until('map idle', () => this.page.evaluate(() => !!window.gewu && document.documentElement.dataset.mapIdle === 'true'), 60_000)
  }

  async jump(lon, lat, zoom) {
    await this.page.evaluate(([x, y, z]) => window.gewu.jump(x, y, z), [lon, lat, zoom])
    await sleep(50)
    await this.idle()
  }

  drawn(layer, id) {
    return this.page.evaluate(([name, one]) => window.gewu.drawn(name, one), [layer, id])
  }

  async clickAt(lon, lat) {
    const box = await this.page.locator('.map-canvas').boundingBox()
    const at = await this.page.evaluate(([x, y]) => window.gewu.project(x, y), [lon, lat])
    await this.page.mouse.click(box.x + at.x, box.y + at.y)
  }

  async search(text) {
    await this.page.keyboard.press('/')
    await this.page.keyboard.press('Control+A')
    await this.page.keyboard.type(text)
    await this.page.keyboard.press('Enter')
  }

  // ask types a text and returns what the candidates say, once they are there.
  async ask(text) {
    await this.page.keyboard.press('/')
    await this.page.keyboard.press('Control+A')
    await this.page.keyboard.type(text)
    const message = this.page.locator('.search-message:not(.keys)')
    await until('candidates', async () => {
      if (await this.page.locator('.search-drop li').count()) return true
      return (await message.allInnerTexts()).some((told) => told.includes(text))
    })
    return this.page.locator('.search-drop li').allInnerTexts()
  }

  async panel() {
    const panel = this.page.locator('.place-panel[aria-busy="false"]')
    await panel.waitFor()
    return panel.innerText()
  }

  // inspector is the text of the panel of a preview.
  async inspector() {
    const panel = this.page.locator('.inspector')
    await panel.waitFor()
    return panel.innerText()
  }

  hash() {
    return this.page.evaluate(() => location.hash)
  }

  violations() {
    return this.page.evaluate(() => window.violations)
  }

  // axe returns what breaks WCAG 2 A or AA seriously.
  async axe() {
    await this.page.evaluate(axeSource)
    const found = await this.page.evaluate(async () => {
      const result = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] })
      return result.violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map((n) => `${n.target} ${n.failureSummary}`) }))
    })
    return found.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  }
}
