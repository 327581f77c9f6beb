import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Engine } from './docker/engine.ts'
import { assertNothingMissing } from './native.ts'
import { chooseRoad } from './servers.ts'

const machine = vi.hoisted(() => ({ engine: undefined as unknown, missing: [] as string[] }))

vi.mock('./docker/engine.ts', () => ({
  connectEngine: async () => machine.engine,
  missingImages: async () => machine.missing,
}))
vi.mock('./native.ts', () => ({ assertNothingMissing: vi.fn(async () => undefined), startNative: {} }))

afterEach(() => {
  Object.assign(machine, { engine: undefined, missing: [] })
  vi.mocked(assertNothingMissing).mockClear()
})

describe('how servers are started', () => {
  const engine = {} as Engine

  it('in containers where an engine has the images', async () => {
    machine.engine = engine
    expect(await chooseRoad({}, ['redis'])).toEqual({ kind: 'docker', engine })
    expect(assertNothingMissing).not.toHaveBeenCalled()
  })

  it('as processes where no engine answers or images are missing', async () => {
    expect(await chooseRoad({}, ['redis'])).toEqual({ kind: 'native' })
    Object.assign(machine, { engine, missing: ['rapport/redis:test'] })
    expect(await chooseRoad({ RAPPORT_INFRA: 'auto' }, ['redis'])).toEqual({ kind: 'native' })
    expect(assertNothingMissing).toHaveBeenCalledTimes(2)
  })

  it('as RAPPORT_INFRA insists', async () => {
    machine.engine = engine
    expect(await chooseRoad({ RAPPORT_INFRA: 'native' }, ['redis'])).toEqual({ kind: 'native' })
    machine.missing = ['rapport/s3:test']
    await expect(chooseRoad({ RAPPORT_INFRA: 'docker' }, ['s3'])).rejects.toThrow(
      'the engine lacks rapport/s3:test: npm run infra images',
    )
    machine.engine = undefined
    await expect(chooseRoad({ RAPPORT_INFRA: 'docker' }, ['s3'])).rejects.toThrow('no container engine answers')
    await expect(chooseRoad({ RAPPORT_INFRA: 'podman' }, [])).rejects.toThrow(
      "RAPPORT_INFRA is 'podman'; it may be docker, native or auto.",
    )
  })
})
