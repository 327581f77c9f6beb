// npm run infra up|down|status|images [-- --base IMAGE], npm run infra -- with-engine COMMAND
import { parseArgs } from 'node:util'
import { isRunning, stopRunning } from './developer/running.ts'
import { readState, removeState, type State } from './developer/state.ts'
import { up } from './developer/up.ts'
import { obtainBaseImage } from './docker/base-image.ts'
import { buildImages } from './docker/build-images.ts'
import { connectEngine } from './docker/engine.ts'
import { withEngine } from './docker/with-engine.ts'
import { say } from './obtain/run-tool.ts'

const usage =
  'usage: npm run infra up|down|status, npm run infra -- images [--base IMAGE], or npm run infra -- with-engine COMMAND'

const [, , ...words] = process.argv
const isWrapper = words[0] === 'with-engine' && words.length > 1
const { values, positionals } = parseArgs({
  args: isWrapper ? words.slice(0, 1) : words,
  allowPositionals: true,
  options: { base: { type: 'string' } },
})
const commands: Readonly<Record<string, () => Promise<void>>> = {
  up: startOrShow,
  down: stop,
  status: show,
  images: build,
  ...(isWrapper ? { 'with-engine': wrap } : {}),
}
const command = positionals.length === 1 ? commands[positionals[0] ?? ''] : undefined
if (command === undefined) {
  say(usage)
  process.exitCode = 2
} else {
  await command().catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  })
}

async function startOrShow(): Promise<void> {
  const before = await readState()
  const running = await countRunning(before)
  if (before !== undefined && running > 0) {
    if (running < before.servers.length) throw new Error('Some of the servers have ended: npm run infra down, then up.')
    return printVariables(before)
  }
  await removeState()
  printVariables(await up(process.env))
}

async function stop(): Promise<void> {
  const state = await readState()
  if (state === undefined) return say('No servers are up.')
  await Promise.all(state.servers.map((server) => stopRunning(server)))
  await removeState()
  say('The servers are down and their data is removed.')
}

async function show(): Promise<void> {
  const state = await readState()
  const running = await countRunning(state)
  if (state === undefined) say('No servers are up.')
  for (const server of state?.servers ?? [])
    say(`${server.kind} ${(await isRunning(server)) ? 'runs' : 'has ended'} (process ${server.process.pid})`)
  if (state !== undefined && running === state.servers.length) return printVariables(state)
  process.exitCode = 1
}

async function countRunning(state: State | undefined): Promise<number> {
  const answers = await Promise.all((state?.servers ?? []).map(isRunning))
  return answers.filter(Boolean).length
}

/** On standard output, for `eval "$(npm run --silent infra up)"`. */
function printVariables({ variables }: State): void {
  for (const [name, value] of Object.entries(variables)) process.stdout.write(`export ${name}='${value}'\n`)
}

async function wrap(): Promise<void> {
  process.exitCode = await withEngine(words.slice(1))
}

async function build(): Promise<void> {
  const engine = await connectEngine(process.env)
  if (engine === undefined) throw new Error('No container engine answers (DOCKER_HOST or the default socket).')
  await buildImages(engine, values.base ?? (await obtainBaseImage(engine)))
}
