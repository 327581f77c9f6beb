/**
 * Resolves with the first SIGINT or SIGTERM. After that the default behaviour stands again, so that a second signal
 * ends a process whose orderly stop hangs.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      resolve(signal)
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
  })
}
