import { RapportError } from '@rapport/core'
import { setTimeout as wait } from 'node:timers/promises'

const longestMs = 60_000

/**
 * Looks again and again until it is so.
 * @throws RapportError `RPT_TENANT_REMOVAL_WAITS` (can be retried) after a minute; the signal's reason when it aborts.
 */
export async function waitUntil(
  what: string,
  { pollMs, signal }: { readonly pollMs: number; readonly signal: AbortSignal },
  isSo: () => Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + longestMs
  while (!(await isSo())) {
    if (performance.now() >= deadlineMs) {
      throw new RapportError('RPT_TENANT_REMOVAL_WAITS', `The removal has waited too long for ${what}.`, {
        canRetry: true,
      })
    }
    await wait(pollMs, undefined, { signal })
  }
}
