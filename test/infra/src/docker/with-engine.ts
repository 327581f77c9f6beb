import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { say } from '../obtain/run-tool.ts'
import { obtainBaseImage } from './base-image.ts'
import { buildImages } from './build-images.ts'
import { connectEngine, missingImages } from './engine.ts'
import { startOwnEngine } from './own-engine.ts'

/**
 * Runs a command while a container engine has the servers' images: one that answers, or one of our own. Where none can be
 * had the command runs all the same, except on CI (`CI=true`), where its tests must not be left out. Resolves with the exit
 * status.
 */
export async function withEngine([command = '', ...args]: readonly string[]): Promise<number> {
  await using stack = new AsyncDisposableStack()
  const env = { ...process.env }
  try {
    if ((await connectEngine(env)) === undefined) {
      env['DOCKER_HOST'] = stack.use(await startOwnEngine()).host
      // The library that talks to it reads the process's own.
      process.env['DOCKER_HOST'] = env['DOCKER_HOST']
    }
    const engine = await connectEngine(env)
    if (engine === undefined) throw new Error('the engine does not answer')
    const missing = await missingImages(engine, ['kafka', 'redis', 's3'])
    if (missing.length > 0) await buildImages(engine, await obtainBaseImage(engine))
  } catch (error) {
    say(`No container engine with images: ${error instanceof Error ? error.message : String(error)}`)
    if (env['CI'] === 'true') return 1
  }
  const child = spawn(command, args, { env, stdio: 'inherit' })
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return status ?? 128 + constants.signals[signal ?? 'SIGTERM']
}
