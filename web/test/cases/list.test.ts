import { describe, expect, it } from 'vitest'
import type { ClassInfo } from '../../src/cases/api'
import { matching } from '../../src/cases/classes'
import { type Filters, NO_FILTERS, active, addressOf, countable, filtersIn, questionOf } from '../../src/cases/filters'
import { commandFor } from '../../src/cases/keys'
import { remaining, spanText } from '../../src/cases/light'
import { caseHref, caseViewIn } from '../../src/cases/route'

describe('the address of the list', () => {
  const chosen: Filters = { ...NO_FILTERS, mine: false, open: 'all', states: ['handling', 'reported'], sources: ['hotline'], classes: ['0101'], area: 'street/1101', part: 'manholes/M 1', task: 'S-1', words: '东门 & 市场', order: 'opened' }

  it('brings everything back', () => expect(filtersIn(addressOf(chosen))).toEqual(chosen))
  it('is short when all is as usual', () => {
    expect(addressOf({ ...NO_FILTERS })).toBe('')
    expect(filtersIn('')).toEqual(NO_FILTERS)
  })
  it('ignores what it does not understand', () => expect(filtersIn('?open=perhaps&order=random&area=nowhere&x=1')).toEqual(NO_FILTERS))
  it('becomes the question to the service', () => {
    const query = questionOf({ ...NO_FILTERS, states: ['handling'] }, { limit: 50, cursor: 'c' })
    expect(Object.fromEntries(query)).toEqual({ state: 'handling', inbox: 'true', open: 'true', order: 'due', limit: '50', cursor: 'c' })
    expect(Object.fromEntries(questionOf({ ...NO_FILTERS, mine: false, open: 'all' }))).toEqual({})
    expect(questionOf({ ...NO_FILTERS, open: 'closed' }).get('open')).toBe('false')
  })
  it('says how much narrows it', () => {
    expect(active({ ...NO_FILTERS })).toBe(0)
    expect(active(chosen)).toBe(8)
  })
})

describe('the pages', () => {
  it('have addresses', () => {
    expect(caseViewIn('/cases')).toEqual({ page: 'inbox' })
    expect(caseViewIn('/cases/')).toEqual({ page: 'inbox' })
    expect(caseViewIn('/cases/new')).toEqual({ page: 'new' })
    expect(caseViewIn(caseHref('a/b 1'))).toEqual({ page: 'case', id: 'a/b 1' })
    for (const path of ['/', '/case', '/cases/1/2', '/cases/%']) expect(caseViewIn(path), path).toBeNull()
  })
})

describe('time that is left', () => {
  const now = Date.parse('2026-11-26T10:00:00Z')
  it('is told in its largest units', () => {
    expect(remaining('2026-11-28T13:30:40Z', now, 'en')).toEqual({ late: false, text: '2 days 3 hours' })
    expect(remaining('2026-11-26T08:58:00Z', now, 'en')).toEqual({ late: true, text: '1 hour 2 minutes' })
    expect(remaining('2026-11-26T10:00:30Z', now, 'zh-CN')?.text).toBe('0分钟')
    expect(spanText(86_400_000 + 60_000, 'en')).toBe('1 day')
  })
  it('is over at the very time', () => expect(remaining('2026-11-26T10:00:00Z', now, 'en')?.late).toBe(true))
  it('is nothing without a time', () => expect([remaining(undefined, now, 'en'), remaining('soon', now, 'en')]).toEqual([null, null]))
})

describe('classes', () => {
  const of = (code: string, zh: string, en: string): ClassInfo => ({ edition: '2013', kind: 'part', code, title: { zh, en }, rows: [] })
  const classes = [
    of('0101', '上水井盖', 'Water manhole'),
    of('0102', '污水井盖', 'Sewer manhole'),
    of('1001', '暴露垃圾', 'Dumped rubbish'),
    of('2010', '井盖附属', 'Parts of 0101'),
  ]
  const codes = (text: string) => matching(classes, text).map(({ code }) => code)
  it('are found by the beginning of the code before all else', () => expect(codes('0101')).toEqual(['0101', '2010']))
  it('are found by words of both languages', () => {
    expect(codes('井盖')).toEqual(['2010', '0101', '0102'])
    expect(codes('manhole SEWER')).toEqual(['0102'])
    expect(codes('没有')).toEqual([])
  })
  it('are all there while nothing is typed, up to a limit', () => expect(matching(classes, '', 2).length).toBe(2))
})

describe('keys', () => {
  const press = (key: string, target: EventTarget = document.body, more: Partial<KeyboardEvent> = {}) => commandFor({ key, target, ...more } as KeyboardEvent)
  it('mean something while nothing is typed', () => {
    expect(['j', 'K', 'Enter', '/', '?', 'x'].map((key) => press(key))).toEqual(['next', 'previous', 'open', 'search', 'help', null])
  })
  it('belong to boxes and to the browser', () => {
    for (const name of ['input', 'textarea', 'select']) expect(press('j', document.createElement(name))).toBeNull()
    expect(press('r', document.body, { ctrlKey: true })).toBeNull()
  })
})

describe('counts', () => {
  it('are asked for where the service can count', () => {
    expect(countable({ ...NO_FILTERS, mine: false, states: ['handling'] })).toBe(true)
    for (const filters of [{ ...NO_FILTERS }, { ...NO_FILTERS, mine: false, words: '井' }, { ...NO_FILTERS, mine: false, part: 'lamps/1' }]) expect(countable(filters)).toBe(false)
  })
})
