/** Wall-clock time in milliseconds since the epoch. Handed in, so that tests own it. */
export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
