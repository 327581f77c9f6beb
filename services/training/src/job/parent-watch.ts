import { fstatSync } from 'node:fs'

/** Calls back when the pipe on standard input ends, as it does with the process that has started this one. */
export function whenParentEnds(onEnd: () => void): void {
  const input = fstatSync(0)
  if (!input.isFIFO() && !input.isSocket()) return
  process.stdin.once('end', onEnd).once('error', onEnd).resume()
  process.stdin.unref()
}
