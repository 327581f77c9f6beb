import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-quality-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ code: number; stderr: string; stdout: string }>((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', ...env } }
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })

describe('the quality command', () => {
  it('says that there is no data folder', async () => {
    const { code, stderr } = await run(['recommend'])
    expect(code).toBe(3)
    expect(stderr).toContain('--data DIR')
  })

  it('names the set whose data are missing', async () => {
    const { code, stderr } = await run(['recommend', '--only', 'ml-1m'], { RAPPORT_QUALITY_DATA: folder })
    expect(code).toBe(3)
    expect(stderr).toContain('no data for the set ml-1m')
  })

  it('refuses a suite or a set that is not there', async () => {
    expect((await run(['nothing'])).code).toBe(2)
    const { code, stderr } = await run(['recommend', '--only', 'ml-9m', '--data', folder])
    expect(code).toBe(2)
    expect(stderr).toContain('ml-9m')
    const ofOther = await run(['text', '--set', 'mr', '--cell', 'ease', '--data', folder])
    expect(ofOther.code).toBe(2)
    expect(ofOther.stderr).toContain('--cell names no model of these sets: ease')
  })

  it('explains itself', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('recommend (ml-1m')
    expect(stdout).toContain('sentiment (online-shopping-sentiment')
  })
})
