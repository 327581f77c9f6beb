import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isProcessAlive, processIdentity } from './process-identity.ts'

test('this process is alive under its own identity', () => {
  expect(isProcessAlive(processIdentity)).toBe(true)
})

test('a process id that another process has now is not the process that had it before', () => {
  expect(isProcessAlive(`${process.pid}_00000000.1`)).toBe(process.platform !== 'linux')
})

test('a process that has ended is not alive', async () => {
  const module = new URL('process-identity.ts', import.meta.url).href
  const script = `import { processIdentity } from '${module}'; console.log(processIdentity)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  await once(child, 'exit')
  expect(isProcessAlive(line.toString().trim())).toBe(false)
})

test.each(['', 'x', '_', '-1_1', '0_'])('%j names no process', (text) => {
  expect(isProcessAlive(text)).toBe(false)
})
