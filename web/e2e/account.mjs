// Checks of the pages about accounts: from an invitation to a login with a
// second factor.
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { accessible, base, check, complaints, expect, expectText } from './checks.mjs'
import { MapDriver, until } from './driver.mjs'

const PASSWORD = 'einmal um den Block'

// codeAt is the code of RFC 6238 for a key in base32.
function codeAt(key, time) {
  let bits = ''
  for (const sign of key) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0')
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30_000)))
  const sum = createHmac('sha1', secret).update(counter).digest()
  const at = sum[19] & 15
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

export async function checkAccounts(browser, shots) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('console', (message) => message.type() === 'error' && !/401|410/.test(message.text()) && complaints.push(message.text()))
  const driver = new MapDriver(page, context)
  const go = async (path) => {
    await page.goto(base + path)
    await page.locator('main[data-ready=true]').waitFor()
  }
  const shot = (name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  const field = (name) => page.locator(`input[name="${name}"]`)
  const login = `root${Date.now() % 1e6}`
  let link
  let key

  await check('an invitation is made, and the page says that the machine is open', async () => {
    await go('/account/people')
    expectText(await page.locator('main').innerText(), '演示模式')
    await field('login').fill(login)
    await field('administrator').check()
    await field('administrator').press('Enter')
    const shown = page.locator('.account-told code')
    await shown.waitFor()
    link = new URL(await shown.innerText())
    await accessible(driver, 'accounts')
    await shot('accounts')
  })

  await check('an invitation is accepted with the keyboard alone', async () => {
    await go(link.pathname + link.hash)
    await field('password').waitFor()
    expect(!(await page.evaluate(() => location.hash)), 'the link stays in the address')
    await accessible(driver, 'invitation')
    await field('password').focus()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/account')
    await page.getByText('本次登录').waitFor() // the list of logins comes after the page
    expectText(await page.locator('body').innerText(), login)
  })

  await check('an invitation is used once', async () => {
    await go(link.pathname + link.hash)
    await page.getByRole('alert').waitFor()
    expectText(await page.getByRole('alert').innerText(), '失效')
  })

  await check('a second factor and a key are made', async () => {
    await go('/account')
    await field('confirmed').fill(PASSWORD)
    await field('confirmed').press('Enter')
    const shown = page.locator('.account-secret')
    await shown.waitFor()
    key = await shown.innerText()
    await field('code').fill(codeAt(key, Date.now() - 30_000))
    await field('code').press('Enter')
    await until('recovery codes', async () => (await page.locator('.account-codes li').count()) === 10)
    await field('key-name').fill('export')
    await field('key-name').press('Enter')
    await page.locator('code', { hasText: 'gewu_' }).waitFor()
    await accessible(driver, 'my account')
    await shot('account')
  })

  await check('a login asks for the second factor', async () => {
    await page.getByRole('button', { name: '退出登录' }).click()
    await page.waitForURL('**/account/login')
    await field('password').waitFor()
    await accessible(driver, 'login')
    await field('login').fill(login)
    await field('password').fill('not the password')
    await field('password').press('Enter')
    await page.getByRole('alert').waitFor()
    await shot('login')
    await field('password').fill(PASSWORD)
    await field('password').press('Enter')
    await field('code').waitFor()
    await accessible(driver, 'second factor')
    await field('code').fill(codeAt(key, Date.now() + 1000))
    await field('code').press('Enter')
    await page.waitForURL((url) => url.pathname === '/')
    const me = await page.evaluate(async () => (await fetch('/v1/me')).json())
    expect(me.account?.login === login && me.everything, JSON.stringify(me))
  })

  await check('in English, in the dark, on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await go('/account/people')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Invite' }).waitFor()
    const wide = await page.evaluate(() => document.querySelector('.account-page').scrollWidth > innerWidth)
    expect(!wide, 'wider than the screen')
    await accessible(driver, 'accounts in the dark')
    await shot('accounts-phone')
  })
  await context.close()
}
