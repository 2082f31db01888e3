// Krüger's transverse Mercator projection on the ellipsoid of CGCS2000 and
// GRS 80, as geo/proj does it: series in the third flattening to its sixth
// power, summed by Clenshaw's recurrence. Both are tested with the same file.
import type { Place } from '../ui/urlState'

const A = 6378137
const F = 1 / 298.257222101
const RAD = Math.PI / 180
const N = F / (2 - F)

// Coefficients of sin 2x, sin 4x … sin 12x, given by the coefficients of the
// powers of n from the first one that is not zero.
const terms = (...rows: number[][]) => rows.map((row, k) => row.reduce((sum, c, j) => sum + c * N ** (k + 1 + j), 0))

const ALPHA = terms(
  [1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800],
  [13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360],
  [61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440],
  [49561 / 161280, -179 / 168, 6601661 / 7257600],
  [34729 / 80640, -3418889 / 1995840],
  [212378941 / 319334400],
)
const BETA = terms(
  [-1 / 2, 2 / 3, -37 / 96, 1 / 360, 81 / 512, -96199 / 604800],
  [-1 / 48, -1 / 15, 437 / 1440, -46 / 105, 1118711 / 3870720],
  [-17 / 480, 37 / 840, 209 / 4480, -5569 / 90720],
  [-4397 / 161280, 11 / 504, 830251 / 7257600],
  [-4583 / 161280, 108847 / 3991680],
  [-20648693 / 638668800],
)
const CHI = terms(
  [-2, 2 / 3, 4 / 3, -82 / 45, 32 / 45, 4642 / 4725],
  [5 / 3, -16 / 15, -13 / 9, 904 / 315, -1522 / 945],
  [-26 / 15, 34 / 21, 8 / 5, -12686 / 2835],
  [1237 / 630, -12 / 5, -24832 / 14175],
  [-734 / 315, 109598 / 31185],
  [444337 / 155925],
)
const PHI = terms(
  [2, -2 / 3, -2, 116 / 45, 26 / 45, -2854 / 675],
  [7 / 3, -8 / 5, -227 / 45, 2704 / 315, 2323 / 945],
  [56 / 15, -136 / 35, -1262 / 105, 73814 / 2835],
  [4279 / 630, -332 / 35, -399572 / 14175],
  [4174 / 315, -144838 / 6237],
  [601676 / 22275],
)

// The series at a complex angle given by the functions of its double.
function series(c: number[], sin2: number, cos2: number, sinh2 = 0, cosh2 = 1): [number, number] {
  const ur = 2 * cos2 * cosh2
  const ui = -2 * sin2 * sinh2
  let r1 = 0
  let i1 = 0
  let r2 = 0
  let i2 = 0
  for (let k = c.length - 1; k >= 0; k--) {
    ;[r1, i1, r2, i2] = [ur * r1 - ui * i1 - r2 + c[k]!, ur * i1 + ui * r1 - i2, r1, i1]
  }
  const sr = sin2 * cosh2
  const si = cos2 * sinh2
  return [r1 * sr - i1 * si, r1 * si + i1 * sr]
}

export interface Grid {
  lon0: number // central meridian in degrees
  k0: number // scale there
  east: number // false easting in metres
}

const radius = (grid: Grid) => ((grid.k0 * A) / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64 + N ** 6 / 256)

export function forward(grid: Grid, { lon, lat }: Place): [number, number] {
  const phi = lat * RAD
  const chi = phi + series(CHI, Math.sin(2 * phi), Math.cos(2 * phi))[0]
  const lam = (lon - grid.lon0) * RAD
  const a = Math.sin(chi)
  const b = Math.cos(chi) * Math.cos(lam)
  const e = Math.cos(chi) * Math.sin(lam)
  const h = a * a + b * b
  const [xi, eta] = series(ALPHA, (2 * a * b) / h, (b * b - a * a) / h, (2 * e) / h, (1 + e * e) / h)
  return [grid.east + radius(grid) * (Math.atanh(e) + eta), radius(grid) * (Math.atan2(a, b) + xi)]
}

export function inverse(grid: Grid, x: number, y: number): Place {
  const xi = y / radius(grid)
  const eta = (x - grid.east) / radius(grid)
  const [dxi, deta] = series(BETA, Math.sin(2 * xi), Math.cos(2 * xi), Math.sinh(2 * eta), Math.cosh(2 * eta))
  const a = Math.sin(xi + dxi)
  const b = Math.cos(xi + dxi)
  const sinh = Math.sinh(eta + deta)
  const chi = Math.atan2(a, Math.hypot(sinh, b))
  const phi = chi + series(PHI, Math.sin(2 * chi), Math.cos(2 * chi))[0]
  return { lon: grid.lon0 + Math.atan2(sinh, b) / RAD, lat: phi / RAD }
}
