import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('trace-sink-process.ts', import.meta.url))

export interface TraceSink extends AsyncDisposable {
  readonly pid: number
  readonly url: string
  /** Ends it; resolves with what has come. */
  end(): Promise<{ readonly bytes: number; readonly requests: number }>
}

/** A collector of traces, which keeps none, as a process of its own. */
export async function startTraceSink(): Promise<TraceSink> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [url] = (await once(lines, 'line')) as [string]
  const { pid } = child
  if (pid === undefined) throw new Error('the collector has no process id')
  const ended = once(child, 'exit')
  const end = async (): Promise<{ bytes: number; requests: number }> => {
    const last = once(lines, 'line')
    child.kill('SIGTERM')
    const [[line]] = (await Promise.all([last, ended])) as [[string], unknown]
    return JSON.parse(line) as { bytes: number; requests: number }
  }
  return {
    pid,
    url,
    end,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
