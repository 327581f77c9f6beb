/** Four rows that start at offset `a` and four at offset `b` of one row-major matrix; the first `length` columns from there. */
export interface DotTile {
  readonly a: number
  readonly b: number
  readonly stride: number
  readonly length: number
}

/**
 * `out[4 r + c]` = dot product of row `r` of the four at `a` with row `c` of the four at `b`: sixteen sums in registers, eight
 * loads for sixteen multiplications.
 */
// oxlint-disable-next-line max-lines-per-function -- one straight-line kernel: a call inside it would cost its registers
export function dotTile(out: Float64Array, data: Float64Array, tile: DotTile): void {
  const { stride, length } = tile
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0
  let p0 = tile.a
  let p1 = p0 + stride
  let p2 = p1 + stride
  let p3 = p2 + stride
  let q0 = tile.b
  let q1 = q0 + stride
  let q2 = q1 + stride
  let q3 = q2 + stride
  for (const end = p0 + length; p0 < end;) {
    const a0 = data[p0++] as number
    const a1 = data[p1++] as number
    const a2 = data[p2++] as number
    const a3 = data[p3++] as number
    const b0 = data[q0++] as number
    const b1 = data[q1++] as number
    const b2 = data[q2++] as number
    const b3 = data[q3++] as number
    c00 += a0 * b0
    c01 += a0 * b1
    c02 += a0 * b2
    c03 += a0 * b3
    c10 += a1 * b0
    c11 += a1 * b1
    c12 += a1 * b2
    c13 += a1 * b3
    c20 += a2 * b0
    c21 += a2 * b1
    c22 += a2 * b2
    c23 += a2 * b3
    c30 += a3 * b0
    c31 += a3 * b1
    c32 += a3 * b2
    c33 += a3 * b3
  }
  out[0] = c00
  out[1] = c01
  out[2] = c02
  out[3] = c03
  out[4] = c10
  out[5] = c11
  out[6] = c12
  out[7] = c13
  out[8] = c20
  out[9] = c21
  out[10] = c22
  out[11] = c23
  out[12] = c30
  out[13] = c31
  out[14] = c32
  out[15] = c33
}
