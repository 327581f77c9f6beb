import type { MeasuredPlatform } from './platform.ts'

/** Waits until as many events are applied as were made. Asking costs the platform some milliseconds. */
export async function allApplied(platform: MeasuredPlatform, count: number): Promise<void> {
  const deadlineMs = performance.now() + 300_000
  while ((await platform.metric('rapport_events_applied_total')) < count) {
    if (performance.now() > deadlineMs) throw new Error('the consumers do not catch up')
    await new Promise((resolve) => {
      setTimeout(resolve, 250)
    })
  }
}
