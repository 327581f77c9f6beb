import type { Engine } from './engine.ts'

/** One line of what an engine tells while it works. */
export interface ProgressLine {
  readonly stream?: string
  readonly error?: string
}

/** The library's own reader, which its types lack; that of its transport does not know the lines of BuildKit. */
interface ProgressReader {
  followProgress(
    stream: NodeJS.ReadableStream,
    onFinished: (error: Error | null, lines: readonly ProgressLine[]) => void,
  ): void
}

/** Waits for a piece of the engine's work; a failure carries the last lines of its output. */
export async function finished(engine: Engine, what: string, stream: NodeJS.ReadableStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ProgressLine[]>()
  const reader = engine.container.dockerode as unknown as ProgressReader
  reader.followProgress(stream, (error, lines) =>
    error === null ? resolve(lines) : reject(new Error(`${what} failed`, { cause: error })),
  )
  const lines = await promise
  const failure = lines.find((line) => line.error !== undefined)?.error
  if (failure === undefined) return
  const output = lines.map((line) => readable(line.stream ?? '')).join('')
  throw new Error(`${what} failed: ${failure}\n${output.trimEnd().split('\n').slice(-20).join('\n')}`)
}

/** What a step of BuildKit printed comes from the library as base64. */
function readable(line: string): string {
  const printed = Buffer.from(line, 'base64')
  return line !== '' && printed.toString('base64') === line.trimEnd() ? printed.toString() : line
}
