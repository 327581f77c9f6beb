import { afterEach, expect, test, vi } from 'vitest'
import { parseTime } from './parse-time.ts'

afterEach(() => void vi.unstubAllEnvs())

test.each([
  ['2026-02-01', '2026-02-01T00:00:00.000Z'],
  ['2026-02-01 08:26', '2026-02-01T08:26:00.000Z'],
  [' 2026-02-01 08:26:05 ', '2026-02-01T08:26:05.000Z'],
  ['2026-02-01T08:26:05.123Z', '2026-02-01T08:26:05.123Z'],
  ['2026-02-01T08:26:05+08:00', '2026-02-01T00:26:05.000Z'],
  ['2026-02-01 08:26:05 -0130', '2026-02-01T09:56:05.000Z'],
  ['2026-02-01T08:26+01', '2026-02-01T07:26:00.000Z'],
])('%j is the same time in every place', (text, expected) => {
  for (const zone of ['Asia/Shanghai', 'America/New_York']) {
    vi.stubEnv('TZ', zone)
    expect(new Date(parseTime(text)).toISOString()).toBe(expected)
  }
})

test.each(['', 'soon', '02/01/2026', '2026-13-01', '2026-02-01T25:00', '1769934365', 'undefined'])(
  '%j is no time',
  (text) => {
    expect(parseTime(text)).toBeNaN()
  },
)
