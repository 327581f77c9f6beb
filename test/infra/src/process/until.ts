import { setTimeout as delay } from 'node:timers/promises'

/** Asks every `everyMs` until the answer is yes; false when `withinMs` have passed. */
export async function until(
  answer: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 50 }: { readonly withinMs: number; readonly everyMs?: number },
): Promise<boolean> {
  const end = performance.now() + withinMs
  for (;;) {
    if (await answer()) return true
    if (performance.now() >= end) return false
    await delay(everyMs)
  }
}
