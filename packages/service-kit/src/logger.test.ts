import { describe, expect, it } from 'vitest'
import { createLogger, type LoggerOptions } from './logger.ts'

function capture(options: LoggerOptions = {}): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = []
  return { lines, log: createLogger('test', { ...options, destination: { write: (line) => void lines.push(line) } }) }
}

describe('createLogger', () => {
  it('writes JSON with the name, an ISO time and the level in words', () => {
    const { lines, log } = capture()
    log.info({ count: 2 }, 'hello')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name: 'test', level: 'info', count: 2, msg: 'hello' })
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('time', expect.stringMatching(/^\d{4}-.*Z$/))
  })

  it('redacts credentials at the top, one level down and in headers', () => {
    const { lines, log } = capture()
    log.warn({
      authorization: 'hunter2',
      key: 'hunter2',
      body: { writeKey: 'hunter2', apiKey: 'hunter2', password: 'hunter2' },
      req: {
        headers: { authorization: 'hunter2', cookie: 'hunter2', 'x-api-key': 'hunter2', 'x-write-key': 'hunter2' },
      },
    })
    expect(lines.join('')).not.toContain('hunter2')
    expect(lines.join('')).toContain('[redacted]')
  })

  it('redacts ids and words of people', () => {
    const { lines, log } = capture()
    log.warn(
      { userId: 'ann', err: { anonymousId: 'ann' }, event: { traits: { name: 'ann' }, text: 'ann was here' } },
      'x',
    )
    expect(lines.join('')).not.toContain('ann')
  })

  it('keeps to its level', () => {
    const { lines, log } = capture({ level: 'warn' })
    log.info('quiet')
    log.warn('loud')
    expect(lines).toHaveLength(1)
  })
})
