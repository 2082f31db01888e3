// Plays the two stories of Dongcheng 2004 on the pages for cases, each step by
// the user whose it is. GEWU_URL: a demo with --profile dongcheng-2004;
// GEWU_PASSWORD: that of its accounts.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { accessible, check, complaints, expect, expectText, failures } from './checks.mjs'
import { openBrowser, until } from './driver.mjs'
import { User, photo } from './user.mjs'

// The logins of the demonstration, and the owner of water covers.
const [OPERATOR, CHIEF, COLLECTOR, DISPATCHER, HANDLER] = ['wang', 'zhao', 'li', 'qian', 'chen']
const password = process.env.GEWU_PASSWORD ?? ''
const shots = process.env.GEWU_SHOTS ?? join(import.meta.dirname, 'out')
await mkdir(shots, { recursive: true })
const browser = await openBrowser()
const users = {}
for (const login of [OPERATOR, CHIEF, COLLECTOR, DISPATCHER, HANDLER]) users[login] = await User.open(browser, login, password)

// near is a place some metres away.
const near = ([lon, lat], east, north) => [lon + east / (111_320 * Math.cos((lat * Math.PI) / 180)), lat + north / 111_320]

// A cover of water mains that has a door near it.
async function cover() {
  const { features } = await users[COLLECTOR].api('/v1/layers/parts/features?class=0101&limit=50')
  for (const part of features) {
    const at = part.geometry.coordinates
    const here = await users[COLLECTOR].api(`/v1/locate?lon=${at[0]}&lat=${at[1]}`)
    if (here.address && here.cells.length && here.areas.length === 3) return { part, at, here }
  }
  throw new Error('no cover has a door near it')
}

let story
let id

await check('a collector picks the missing cover on the map and reports it with a photo', async () => {
  story = await cover()
  const user = users[COLLECTOR]
  await user.go('/cases/new')
  expectText(await user.page.locator('.case-place').innerText(), '先看这里归谁管')
  await user.find('point', `${story.at[0]},${story.at[1]}`)
  await until('what is there', async () => (await user.page.locator('.case-place').innerText()).includes(story.here.cells[0].code))
  expectText(await user.page.locator('.case-place').innerText(), story.here.address.label, ...story.here.areas.map((area) => area.name))
  await user.page.getByLabel('问题描述').fill('井盖丢失，行人有危险')
  // The description tells of the class, which the collector chooses.
  await user.page.locator('.case-suggested button').first().click()
  await user.pickPart(story.part, story.at)
  await user.attach('before', await photo(user.page, '井盖缺失'))
  await accessible(user, 'a new report')
  await user.shot(shots, 'case-new')
  await user.submit('.case-new')
  id = await user.caseId()
  expectText(await user.state(), '待受理')
  const kept = await user.api(`/v1/cases/${id}`)
  expect(kept.intake.parts.some((part) => part.id === story.part.id), JSON.stringify(kept.intake.parts))
  expectText(JSON.stringify(kept), story.here.cells[0].code, story.here.areas.at(-1).name)
  return `${id} ${kept.address}`
})

await check('the operator finds it in the inbox by the keyboard alone and takes it in', async () => {
  const user = users[OPERATOR]
  await user.go('/cases')
  await until('the case in the inbox', async () => (await user.rows()).includes(id))
  await accessible(user, 'the inbox')
  await user.shot(shots, 'case-inbox')
  for (let i = 0; ; i++) {
    await user.page.keyboard.press('j')
    const focused = await user.page.evaluate(() => document.activeElement.closest('[data-row]')?.dataset.row)
    if (focused === id) break
    expect(i < 60, `the keys lead to ${focused}`)
  }
  await user.page.keyboard.press('Enter')
  await user.ready()
  expect((await user.caseId()) === id, user.page.url())
  // The collector has the case open, the duty chief the inbox, and both see it
  // move without asking: the stream tells them, within about a second.
  await users[COLLECTOR].go(`/cases/${id}`)
  await users[CHIEF].go('/cases')
  expect(!(await users[CHIEF].rows()).includes(id), 'it waits for the chief already')
  for (const who of [COLLECTOR, CHIEF]) await users[who].page.evaluate(() => (window.stays = true))
  await user.act('accept')
  expectText(await user.state(), '待立案')
  const followed = await until('the page of the collector follows', async () => (await users[COLLECTOR].state()).includes('待立案'), 5_000)
  const listed = await until('the inbox of the chief follows', async () => (await users[CHIEF].rows()).includes(id), 5_000)
  for (const who of [COLLECTOR, CHIEF]) expect(await users[who].page.evaluate(() => window.stays), 'the page was loaded again')
  expect(!(await user.rows()).includes(id), 'still in the inbox')
  return `another page followed within ${followed.ms} ms, an inbox within ${listed.ms} ms`
})

await check('the duty chief files it, what is not allowed says why, a stale form is told so and keeps what was typed', async () => {
  const user = users[CHIEF]
  const other = users[COLLECTOR]
  await user.go(`/cases/${id}`)
  await user.begin('register')
  await user.fill('note', '依处理预案立案')
  // Somebody else goes on with the case meanwhile.
  await other.go(`/cases/${id}`)
  await other.act('annotate', () => other.fill('note', '现场已围挡'))
  complaints.expected += 1 // the 412 in the console
  await user.send()
  const told = user.page.locator('.case-form [role=alert]')
  await told.waitFor()
  expectText(await told.innerText(), '已保留', '批注')
  expect((await user.page.locator('[data-field=note] textarea').inputValue()) === '依处理预案立案', 'what was typed is gone')
  await user.send()
  await user.done()
  expectText(await user.state(), '待派遣')
  const kept = await user.api(`/v1/cases/${id}`)
  expect(kept.duty.organisation === 'water-bureau', `${kept.duty.organisation} is responsible`)
  return kept.duty.reason.zh
})

await check('the dispatcher sends it to whom the rules suggest; what is not allowed is told with the reason', async () => {
  const user = users[DISPATCHER]
  await user.go(`/cases/${id}`)
  await user.act('dispatch')
  expectText(await user.state(), '待签收')
  const kept = await user.api(`/v1/cases/${id}`)
  expect(kept.unit === 'water-bureau', `it went to ${kept.unit}`)
  const [refused] = kept.offers.filter((offer) => !offer.allowed)
  await user.page.locator('.case-refused > summary').click()
  const row = user.page.locator('.case-refused li details', { hasText: refused.title.zh }).first()
  await row.locator('summary').click()
  expectText(await row.innerText(), refused.refusal.reason.zh)
  return `${refused.title.zh}: ${refused.refusal.reason.zh}`
})

await check('the owner takes it and feeds back with a photo of after', async () => {
  const handler = users[HANDLER]
  await handler.go('/cases')
  await until('the case in the inbox', async () => (await handler.rows()).includes(id))
  await handler.go(`/cases/${id}`)
  await handler.act('take')
  await handler.begin('feedback')
  await handler.send()
  expectText(await handler.page.locator('.case-form').innerText(), '请填写')
  await handler.attach('after', await photo(handler.page, '已更换井盖'))
  await handler.send()
  await handler.done()
  expectText(await handler.state(), '已反馈')
  await until('photos on both sides', async () => (await handler.page.locator('.case-sides img').count()) >= 2)
  await accessible(handler, 'a case')
  await handler.shot(shots, 'case-page')
})

await check('the command centre looks it over, a collector checks with a second photo, the chief closes', async () => {
  await users[DISPATCHER].go(`/cases/${id}`)
  await users[DISPATCHER].act('pass')
  const operator = users[OPERATOR]
  await operator.go(`/cases/${id}`)
  await operator.act('inspect-ask', () => operator.find('person', '李监督'))
  const collector = users[COLLECTOR]
  await collector.go('/cases')
  await until('the task of the collector', async () => (await collector.rows()).includes(id))
  await collector.go(`/cases/${id}`)
  await collector.act('inspect-pass', async () => collector.attach('after', await photo(collector.page, '核查完好')))
  const chief = users[CHIEF]
  await chief.go(`/cases/${id}`)
  await chief.act('close')
  expectText(await chief.state(), '结案')
  const { events } = await chief.api(`/v1/cases/${id}/events`)
  const shown = await chief.page.locator('.case-timeline > li').count()
  expect(shown === events.length, `${shown} of ${events.length} events`)
  const actors = new Set(events.map((event) => event.actor?.person).filter(Boolean))
  expect(actors.size === 5, `${[...actors]} acted`)
  return events.map((event) => event.action).join(' → ')
})

await check('the operator places words of the phone, sees the same matter 20 m away, and merges', async () => {
  const door = story.here.address
  const there = near([door.lon, door.lat], 12, 16)
  const collector = users[COLLECTOR]
  await collector.go('/cases/new')
  await collector.find('point', `${there[0].toFixed(6)},${there[1].toFixed(6)}`)
  await collector.page.getByLabel('问题描述').fill('市场东门旁有一堆垃圾')
  await collector.find('class', '暴露垃圾')
  await collector.submit('.case-new')
  const first = await collector.caseId()

  const user = users[OPERATOR]
  await user.go('/cases/new')
  await user.find('point', door.label)
  await user.page.getByLabel('来源').selectOption('hotline')
  await user.page.getByLabel('问题描述').fill('居民来电：市场东门旁有一堆垃圾没人管')
  await user.find('class', '暴露垃圾')
  const match = user.page.locator('.case-matches li', { has: user.page.locator(`a[href="/cases/${first}"]`) })
  await match.waitFor()
  const told = await match.innerText()
  expect(/(1[5-9]|2[0-5]) 米/.test(told), told)
  await match.getByRole('button').click()
  await accessible(user, 'duplicates')
  await user.shot(shots, 'case-same')
  await user.submit('.case-new')
  const second = await user.caseId()
  expectText(await user.state(), '并案')
  await user.go(`/cases/${first}`)
  expectText(await user.page.locator('.case-head').innerText(), second)
  return told.replace(/\s+/g, ' ')
})

await check('the list is filtered, and the filters are in the address', async () => {
  const user = users[OPERATOR]
  await user.go('/cases?all=1&open=all&state=closed')
  expect((await user.rows()).includes(id), (await user.rows()).join())
  const states = new Set(await user.page.locator('.case-list .case-state').allInnerTexts())
  expect(states.size === 1 && states.has('结案'), [...states].join())
  await user.page.locator('select[name=open]').selectOption('open')
  await until('no case', async () => (await user.rows()).length === 0)
  expectText(await user.page.evaluate(() => location.search), 'all=1', 'state=closed')
  expectText(await user.page.locator('.case-inbox').innerText(), '没有符合条件的案件')
})

await check('in English, in the dark, on a phone', async () => {
  const user = users[CHIEF]
  await user.page.setViewportSize({ width: 360, height: 740 })
  await user.page.emulateMedia({ colorScheme: 'dark' })
  await user.go(`/cases/${id}`)
  await user.page.getByRole('button', { name: 'English' }).click()
  await user.page.getByRole('heading', { name: 'What happened' }).waitFor()
  for (const path of [`/cases/${id}`, '/cases?all=1&open=all', '/cases/new']) {
    await user.go(path)
    const [wide, width] = await user.page.evaluate(() => [document.querySelector('.cases-main').scrollWidth, innerWidth])
    expect(wide <= width, `${path} is ${wide} wide`)
    await accessible(user, path)
  }
  await user.shot(shots, 'case-phone')
})

await check('nothing was asked outside, and no policy was violated', async () => {
  for (const user of Object.values(users)) {
    expect(!user.outside.length, user.outside.join())
    const violations = await user.page.evaluate(() => window.violations)
    expect(!violations.length, violations.join('; '))
  }
})

await check('no complaint in the console', () => expect(complaints.length === complaints.expected, complaints.join('; ')))

await browser.close()
const failed = failures()
console.log(failed ? `${failed} failed` : `both stories played, pictures in ${shots}`)
process.exit(failed ? 1 : 0)
