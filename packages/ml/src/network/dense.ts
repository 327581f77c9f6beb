/** `out[from + j] += sum over k of vector[at + k] weights[k, j]`, four rows of the weights at a time. */
export function addProduct(
  vector: Float32Array,
  weights: Float32Array,
  out: Float32Array,
  { at, inputs, from = 0, outputs }: { at: number; inputs: number; from?: number; outputs: number },
): void {
  const whole = inputs & ~3
  const end = from + outputs
  for (let k = 0; k < whole; k += 4) {
    const v0 = vector[at + k] as number
    const v1 = vector[at + k + 1] as number
    const v2 = vector[at + k + 2] as number
    const v3 = vector[at + k + 3] as number
    let r0 = k * outputs
    let r1 = r0 + outputs
    let r2 = r1 + outputs
    let r3 = r2 + outputs
    for (let j = from; j < end; j += 1) {
      out[j] =
        (out[j] as number) +
        (v0 * (weights[r0++] as number) + v1 * (weights[r1++] as number)) +
        (v2 * (weights[r2++] as number) + v3 * (weights[r3++] as number))
    }
  }
  for (let k = whole; k < inputs; k += 1) {
    const value = vector[at + k] as number
    let row = k * outputs
    for (let j = from; j < end; j += 1) out[j] = (out[j] as number) + value * (weights[row++] as number)
  }
}
