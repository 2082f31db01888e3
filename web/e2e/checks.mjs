// What the checks of all pages share.
export const complaints = []
export const base = (process.env.GEWU_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '')
let failed = 0

// failures is how many checks have failed so far.
export const failures = () => failed

export async function check(name, body) {
  try {
    const note = await body()
    console.log(`ok    ${name}${note ? ` (${note})` : ''}`)
  } catch (error) {
    failed++
    console.log(`FAIL  ${name}: ${error.message}`)
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message)
}

export function expectText(text, ...parts) {
  for (const part of parts) expect(text.includes(part), `"${part}" is missing in: ${text.replace(/\s+/g, ' ').slice(0, 300)}`)
}

export async function api(path, init) {
  const answer = await fetch(base + path, init)
  expect(answer.ok, `${path} answered ${answer.status}: ${(await answer.clone().text()).slice(0, 200)}`)
  return answer.json()
}

export const write = (changes) =>
  api('/v1/changes', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ changes }),
  })

export async function accessible(map, state) {
  const found = await map.axe()
  expect(!found.length, `${state}: ${JSON.stringify(found)}`)
}
