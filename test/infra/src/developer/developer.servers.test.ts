import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { redisCommand } from '../redis/command.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rapport-test-'))
})

afterAll(async () => {
  await infra('down')
  await rm(home, { recursive: true, force: true })
})

/** Runs the command with a home of its own, where Kafka and S3 are named and Redis is not. */
async function infra(
  command: string,
): Promise<{ readonly status: number; readonly out: string; readonly said: string }> {
  const { RAPPORT_REDIS_URL: _, ...environment } = process.env
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), command], {
    env: { ...environment, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, said] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray()),
  )
  if (child.exitCode === null) await once(child, 'exit')
  return { status: child.exitCode ?? -1, out: (out ?? []).join(''), said: (said ?? []).join('') }
}

function redisPort(exports: string): number {
  return Number(/RAPPORT_REDIS_URL='redis:\/\/127\.0\.0\.1:(\d+)'/.exec(exports)?.[1])
}

it('a developer gets servers that stay until they are taken down', async () => {
  expect(await infra('status')).toMatchObject({ status: 1, out: '', said: 'No servers are up.\n' })

  const up = await infra('up')
  expect(up.status, up.said).toBe(0)
  const port = redisPort(up.out)
  expect(port).not.toBe(Number(new URL(process.env['RAPPORT_REDIS_URL'] ?? '').port))
  expect(up.out).toContain(`export RAPPORT_KAFKA_BROKERS='${process.env['RAPPORT_KAFKA_BROKERS']}'\n`)
  expect(await redisCommand(port, 'PING')).toBe('PONG')

  const again = await infra('up')
  expect(again.out).toBe(up.out)
  const status = await infra('status')
  expect(status).toMatchObject({ status: 0, out: up.out })
  expect(status.said).toMatch(/^redis runs \(process \d+\)\n$/)

  const pid = Number(/process (\d+)/.exec(status.said)?.[1])
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(async () => expect((await infra('status')).said).toContain('redis has ended'), { timeout: 20_000 })

  expect(redisPort((await infra('up')).out)).toBeGreaterThan(0)
  expect((await infra('down')).status).toBe(0)
  expect(existsSync(join(home, '.cache', 'rapport', 'infra'))).toBe(false)
  expect((await infra('down')).said).toBe('No servers are up.\n')
})

it('an unknown command is told how it is done', async () => {
  expect(await infra('sideways')).toMatchObject({ status: 2, said: expect.stringMatching(/^usage: npm run infra/) })
})
