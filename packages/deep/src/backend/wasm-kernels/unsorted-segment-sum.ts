import { floatsOf, integersOf, wasmKernel } from './wasm-memory.ts'

/** Sums rows of `x` (entries x inner shape) by segment: the gradient of an embedding. Ids out of range are left out. */
export const unsortedSegmentSum = wasmKernel<'x' | 'segmentIds', { readonly numSegments: number }>(
  ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) => {
    const inner = x.shape.slice(segmentIds.shape.length)
    const out = backend.makeOutput([numSegments, ...inner], 'float32')
    const sums = floatsOf(backend, out).fill(0)
    const values = floatsOf(backend, x)
    const ids = integersOf(backend, segmentIds)
    const width = inner.reduce((product, size) => product * size, 1)
    for (let entry = 0; entry < ids.length; entry += 1) {
      const segment = ids[entry] as number
      if (segment < 0 || segment >= numSegments) continue
      let from = entry * width
      const end = (segment + 1) * width
      for (let to = segment * width; to < end; to += 1) sums[to] = (sums[to] as number) + (values[from++] as number)
    }
    return out
  },
)
