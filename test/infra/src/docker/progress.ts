import type { Engine } from './engine.ts'

/** One line of what an engine tells while it works. */
export interface ProgressLine {
  readonly stream?: string
  readonly error?: string
}

/** Waits for a piece of the engine's work; a failure carries the last lines of its output. */
export async function finished(engine: Engine, what: string, stream: NodeJS.ReadableStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ProgressLine[]>()
  engine.container.dockerode.modem.followProgress(stream, (error: Error | null, lines: readonly ProgressLine[]) =>
    error === null ? resolve(lines) : reject(new Error(`${what} failed`, { cause: error })),
  )
  const lines = await promise
  const failure = lines.find((line) => line.error !== undefined)?.error
  if (failure === undefined) return
  const output = lines.map((line) => line.stream ?? '').join('')
  throw new Error(`${what} failed: ${failure}\n${output.trimEnd().split('\n').slice(-20).join('\n')}`)
}
