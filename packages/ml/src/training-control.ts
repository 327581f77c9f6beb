import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Log } from '@rapport/core'

/** What every trainer takes beside its own parameters. */
export interface TrainingControl {
  /** Stops the training; the trainer rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called with the finished fraction, 0 to 1, never falling. */
  readonly onProgress?: (fraction: number) => void
  readonly log?: Log
}

export interface Pacer {
  /** Whether the slice of time is used up. */
  due(): boolean
  /** Lets the event loop turn. */
  pause(fraction: number): Promise<void>
}

/**
 * Gives a long computation its breaks: `pause()` between rows lets the event loop turn when a slice of time (25 ms when
 * absent) is used up, so heartbeats, requests and aborts get through, and throws the signal's reason once aborted.
 */
export function createPacer(control: TrainingControl, sliceMs = 25): Pacer {
  let sliceEnds = performance.now() + sliceMs
  control.signal?.throwIfAborted()
  return {
    due: () => performance.now() >= sliceEnds,
    async pause(fraction) {
      control.onProgress?.(Math.min(1, fraction))
      await nextTurn()
      control.signal?.throwIfAborted()
      sliceEnds = performance.now() + sliceMs
    },
  }
}
