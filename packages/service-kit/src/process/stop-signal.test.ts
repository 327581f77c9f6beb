import { describe, expect, it } from 'vitest'
import { stopSignal } from './stop-signal.ts'

describe('stopSignal', () => {
  it('resolves with the signal, and stands in for the default only once', async () => {
    const before = process.listenerCount('SIGTERM')
    const stopped = stopSignal()
    expect(process.listenerCount('SIGTERM')).toBe(before + 1)
    process.emit('SIGTERM', 'SIGTERM')
    expect(await stopped).toBe('SIGTERM')
    expect(process.listenerCount('SIGTERM')).toBe(before)
    expect(process.listenerCount('SIGINT')).toBe(before)
  })
})
