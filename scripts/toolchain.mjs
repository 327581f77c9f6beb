// Brings the pinned pnpm, Node and packages into the clone. Plain JavaScript: it runs under whatever Node >= 20 is there.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const pnpm = 'pnpm@12.21.0'
const stamp = join(root, 'node_modules', '.rapport-installed')
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

/** What is installed depends on these files alone. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/** Installs the locked packages unless they are there already. */
export function install() {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 20) fail(`Node ${process.versions.node} is too old to start from: any Node from 20 on will do.`)
  const wanted = fingerprint()
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write('Installing the pinned Node and the packages (once, about 20 seconds)…\n')
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  const result = spawnSync(npx, ['-y', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.error) fail(`npx could not be started: ${result.error.message}`)
  if (result.status !== 0) fail('The packages could not be installed; the lines above say why.')
  writeFileSync(stamp, wanted)
}

/** Runs the pinned Node in the foreground and ends as it ends; signals go to it. */
export function runNode(args, options = {}) {
  const child = spawn(node, args, { cwd: options.cwd ?? root, stdio: 'inherit', env: withPinnedNode() })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to both processes; passed on, it would arrive as a second one, which ends without tidying up.
  process.on('SIGINT', () => (process.stdin.isTTY ? undefined : child.kill('SIGINT')))
  child.on('error', (error) => fail(error.message))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** The environment in which `node` is the pinned one. */
function withPinnedNode() {
  const separator = process.platform === 'win32' ? ';' : ':'
  const bins = [join(root, 'node_modules', '.bin')]
  return { ...process.env, PATH: [...bins, process.env.PATH ?? ''].join(separator) }
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
