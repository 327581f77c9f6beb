#!/usr/bin/env node
// The `rapport` command under whatever Node the shell has: hands over to the Node that the workspace pins.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from './node-flags.js'

const pinned = fileURLToPath(new URL('../../../node_modules/node/bin/node', import.meta.url))
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

if (!existsSync(pinned)) {
  process.stderr.write(
    'rapport: the packages are not installed yet; run `npm start` (or `npm test`) once in the clone.\n',
  )
  process.exit(1)
}
const child = spawn(pinned, [...nodeFlags, cli, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// A terminal sends Ctrl-C to both processes; passed on, it would arrive as a second one, which ends without tidying up.
process.on('SIGINT', () => (process.stdin.isTTY ? undefined : child.kill('SIGINT')))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
