/** The promise's outcome, or `toError()` after `deadlineMs`; a rejection that comes later is nobody's and is dropped. */
export async function within<T>(promise: Promise<T>, deadlineMs: number, toError: () => Error): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(toError()), deadlineMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
