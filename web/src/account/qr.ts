import { encode } from 'uqr'

/** A QR code as squares: the side of the picture and the path of what is dark, in units of one square. */
export interface Qr {
  size: number
  path: string
}

/** The code of a text, with the quiet zone of four squares that readers ask for (ISO/IEC 18004, 6.3.8). */
export function qr(text: string): Qr {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  let path = ''
  data.forEach((row, y) => {
    for (let x = 0; x < size; x++) {
      if (!row[x]) continue
      const from = x
      while (x + 1 < size && row[x + 1]) x++
      path += `M${from} ${y}h${x + 1 - from}v1h${from - x - 1}z`
    }
  })
  return { size, path }
}
