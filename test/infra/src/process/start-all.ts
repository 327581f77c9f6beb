/** Several resources as one. */
export interface Group<T> extends AsyncDisposable {
  readonly started: readonly T[]
}

/** Starts several at once; when one fails, disposes of those that came up and throws the first failure. */
export async function startAll<T extends AsyncDisposable>(starts: readonly (() => Promise<T>)[]): Promise<Group<T>> {
  const outcomes = await Promise.allSettled(starts.map((start) => start()))
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const dispose = async (): Promise<void> => void (await Promise.all(started.map((one) => one[Symbol.asyncDispose]())))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed === undefined) return { started, [Symbol.asyncDispose]: dispose }
  await dispose()
  throw failed.reason
}
