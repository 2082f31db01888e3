import jsQR from 'jsqr'
import { describe, expect, it } from 'vitest'
import { qr } from '../src/account/qr'

/** draws the path as a reader's camera sees it, each square as some pixels. */
function pixels(size: number, path: string, scale = 4): Uint8ClampedArray {
  const side = size * scale
  const all = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
      for (let column = Number(x) * scale; column < (Number(x) + Number(width)) * scale; column++) all.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3)
    }
  }
  return all
}

describe('qr', () => {
  for (const text of [
    'otpauth://totp/gewu%20city.example:ming?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=gewu%20city.example&digits=6&period=30',
    'otpauth://totp/%E6%A0%BC%E7%89%A9:%E7%8E%8B%E5%B0%8F%E6%98%8E?secret=JBSWY3DPEHPK3PXP',
    '王小明',
  ]) {
    it(`is read by another program: ${text.slice(0, 30)}`, () => {
      const { size, path } = qr(text)
      expect(jsQR(pixels(size, path), size * 4, size * 4)?.data).toBe(text)
    })
  }
})
