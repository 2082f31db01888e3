// Somebody who works with cases in a browser of their own.
import { join } from 'node:path'
import { base, complaints, expect } from './checks.mjs'
import { MapDriver, until } from './driver.mjs'

// Complaints that a story causes on purpose, such as a stale version.
complaints.expected = 0

// photo is a picture with a word on it, as a telephone takes one.
export async function photo(page, word) {
  const url = await page.evaluate((text) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
    const paint = canvas.getContext('2d')
    paint.fillStyle = '#7a8794'
    paint.fillRect(0, 0, 640, 480)
    paint.fillStyle = '#fff'
    paint.font = '48px sans-serif'
    paint.fillText(text, 40, 240)
    return canvas.toDataURL('image/jpeg', 0.8)
  }, word)
  return { name: `${word}.jpg`, mimeType: 'image/jpeg', buffer: Buffer.from(url.split(',')[1], 'base64') }
}

export class User extends MapDriver {
  // open logs somebody in by the page for that.
  static async open(browser, login, password) {
    const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', serviceWorkers: 'block' })
    await context.addInitScript(() => {
      window.violations = []
      document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`))
    })
    const page = await context.newPage()
    const user = new User(page, context)
    user.outside = []
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== base) user.outside.push(request.url())
    })
    page.on('pageerror', (error) => complaints.push(`${login} page error: ${error.message}`))
    page.on('console', (message) => message.type() === 'error' && complaints.push(`${login} ${page.url()}: ${message.text()} ${message.location().url}`))
    await page.goto(`${base}/account/login`)
    await page.locator('input[name=login]').fill(login)
    await page.locator('input[name=password]').fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname === '/')
    return user
  }

  async go(path) {
    await this.page.goto(base + path)
    await this.ready()
  }

  // api asks the service as this user.
  async api(path) {
    const answer = await this.page.request.get(base + path)
    expect(answer.ok(), `${path} answered ${answer.status()}: ${(await answer.text()).slice(0, 200)}`)
    return answer.json()
  }

  async ready() {
    await this.page.locator('.cases-main [data-ready=true]').waitFor()
    if (/\/cases\/.+/.test(new URL(this.page.url()).pathname)) await this.idle()
  }

  shot(folder, name) {
    return this.page.screenshot({ path: join(folder, `${name}.png`) })
  }

  rows() {
    return this.page.locator('[data-row]').evaluateAll((rows) => rows.map((row) => row.dataset.row))
  }

  state() {
    return this.page.locator('.case-head .case-state').innerText()
  }

  // caseId waits for the page of a case and tells whose it is.
  async caseId() {
    await this.page.waitForURL((url) => /^\/cases\/(?!new).+/.test(url.pathname))
    await this.ready()
    return decodeURIComponent(new URL(this.page.url()).pathname.split('/')[2])
  }

  async fill(field, text) {
    await this.page.locator(`[data-field=${field}] :is(textarea, input)`).first().fill(text)
  }

  // find types into a box with candidates and takes the first.
  async find(field, text) {
    const box = this.page.locator(`[data-field=${field}] [role=combobox]`)
    await box.fill(text)
    await this.page.locator(`[data-field=${field}] [role=option]`).first().waitFor()
    await box.press('Enter')
    await until(`${field} is chosen`, async () => (await box.getAttribute('aria-expanded')) === 'false')
  }

  // pickPart clicks a part on the map, as soon as it is drawn.
  async pickPart(part, at) {
    await this.page.locator('[data-field=parts]').getByRole('button').click()
    await this.idle()
    const map = this.page.locator('.case-map .map-canvas')
    await map.scrollIntoViewIfNeeded()
    const box = await map.boundingBox()
    const { x, y } = await this.page.evaluate(([lon, lat]) => window.gewu.project(lon, lat), at)
    await this.page.mouse.click(box.x + x, box.y + y)
    await until('the part is chosen', async () => {
      const chosen = await this.page.locator('[data-field=parts] input:checked').count()
      return chosen === 1 && (await this.page.locator('[data-field=parts] li', { has: this.page.locator('input:checked') }).innerText()).includes(part.id)
    })
  }

  async attach(field, file) {
    const before = await this.page.locator(`[data-field=${field}] .case-files img[src^="/v1/"]`).count()
    await this.page.locator(`[data-field=${field}] input[type=file]`).setInputFiles(file)
    await until(`${file.name} is sent`, async () => (await this.page.locator(`[data-field=${field}] .case-files img[src^="/v1/"]`).count()) === before + 1)
  }

  async begin(action) {
    await this.page.locator(`.case-buttons [data-action="${action}"]`).click()
    await this.page.locator(`form[data-action="${action}"]`).waitFor()
  }

  send() {
    return this.page.locator('.case-form button[type=submit]').click()
  }

  async done() {
    const form = this.page.locator('form.case-form')
    await until('the action is done', async () => !(await form.count()) || (await form.locator('[role=alert]').count()))
    expect(!(await form.count()), (await form.count()) && (await form.innerText()))
    await this.page.locator('.case-page[aria-busy=false]').waitFor()
  }

  // act does something with the case that is open.
  async act(action, fill = async () => {}) {
    await this.begin(action)
    await fill()
    await this.send()
    await this.done()
  }

  async submit(page) {
    await this.page.locator(`${page} button[type=submit]`).click()
    await until('the report is sent', async () => !/\/new$/.test(this.page.url()) || (await this.page.locator(`${page} [role=alert]`).count()))
    expect(!/\/new$/.test(this.page.url()), (await this.page.locator(page).count()) && (await this.page.locator(page).innerText()))
  }
}
