import type { LiveConsumption } from './rebuild-run.ts'

/** Consumption that several may pause at a time: it goes on when the last of them lets it. */
export function sharedPause(live: Pick<LiveConsumption, 'pause' | 'resume'>): typeof live {
  let pauses = 0
  return {
    pause: () => {
      pauses += 1
      return live.pause()
    },
    resume: () => {
      pauses -= 1
      if (pauses === 0) live.resume()
    },
  }
}
