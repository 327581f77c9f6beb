/**
 * How Node runs the platform. V8 sizes its heap by what lives, which is little here, and so collected all of it every few
 * seconds under load, each time at the cost of some tens of milliseconds; from this size on (MiB) it does so seldom.
 */
const heap = '--initial-heap-size=300'

export const nodeFlags = [heap, '--import', new URL('../src/preload.ts', import.meta.url).href]
