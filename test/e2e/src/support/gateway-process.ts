import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../../../../services/all-in-one/src/cli/main.ts', import.meta.url))
const services = ['INGESTION', 'FEATURE', 'RECOMMENDATION', 'TEXT_CLASSIFICATION', 'SENTIMENT', 'CONTROL']

/** A gateway on a free port of the loopback, before a platform in one process. */
export async function startGatewayProcess(platformUrl: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const upstreams = Object.fromEntries(services.map((name) => [`RAPPORT_${name}_URLS`, platformUrl]))
  const env = { ...process.env, ...upstreams, PORT: '0', RAPPORT_DRAIN_SECONDS: '0' }
  const child = spawn(process.execPath, [cli, 'gateway'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = (JSON.parse(line) as { url?: string; msg?: string }).url
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code, signal) => reject(new Error(`the gateway ended with ${code ?? signal}`)))
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
