import { execFile, spawnSync } from 'node:child_process'
import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const version = '4.32.5'
const environment = join(homedir(), '.cache', 'rapport', `schemathesis-${version}`)

/** Whether this machine has a Python that can make a virtual environment. */
export const hasPython = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0

/** The path of a pinned schemathesis, installed into the project's cache on first use. */
export async function obtainSchemathesis(): Promise<string> {
  const path = join(environment, 'bin', 'schemathesis')
  try {
    await access(path)
    return path
  } catch {
    // Not installed yet.
  }
  await run('python3', ['-m', 'venv', '--clear', environment])
  await run(join(environment, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${version}`])
  return path
}
