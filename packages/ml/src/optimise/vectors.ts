type Vector = Float64Array | Float32Array

/** In four sums, so that no addition waits for the one before it. */
export function dot(a: Vector, b: Vector): number {
  const { length } = a
  let first = 0
  let second = 0
  let third = 0
  let fourth = 0
  let at = 0
  for (; at + 4 <= length; at += 4) {
    first += (a[at] as number) * (b[at] as number)
    second += (a[at + 1] as number) * (b[at + 1] as number)
    third += (a[at + 2] as number) * (b[at + 2] as number)
    fourth += (a[at + 3] as number) * (b[at + 3] as number)
  }
  for (; at < length; at += 1) first += (a[at] as number) * (b[at] as number)
  return first + second + third + fourth
}

/** The largest absolute value. */
export function maxAbs(values: Vector): number {
  let largest = 0
  for (let at = 0; at < values.length; at += 1) largest = Math.max(largest, Math.abs(values[at] as number))
  return largest
}

/** `target += factor * vector`. */
export function addScaled(target: Float64Array, factor: number, vector: Vector): void {
  for (let at = 0; at < target.length; at += 1) target[at] = (target[at] as number) + factor * (vector[at] as number)
}

/** `out = a - b`; `out` may be either. */
export function difference(a: Vector, b: Vector, out: Float64Array): Float64Array {
  for (let at = 0; at < out.length; at += 1) out[at] = (a[at] as number) - (b[at] as number)
  return out
}
