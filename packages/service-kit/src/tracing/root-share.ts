let share = 1

/** Of the traces that begin on this thread this share is recorded, and the sampler is asked about no others; all at first. */
export function recordRoots(ofAll: number): void {
  share = ofAll
}

/**
 * Whether the trace that begins now may be recorded: decided by chance, before anything is made of it. The SDK makes ids and
 * attributes first and throws them away where its sampler says no, for most calls at some per cent of their time.
 */
export const mayRecordRoot = (): boolean => share === 1 || Math.random() < share
