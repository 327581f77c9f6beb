import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Engine } from './docker/engine.ts'
import { assertNothingMissing } from './obtain/assert-nothing-missing.ts'
import { chooseRoad } from './road.ts'

const machine = vi.hoisted(() => ({ engine: undefined as unknown, isOurs: true, missing: [] as string[] }))

vi.mock('./docker/engine.ts', () => ({
  connectEngine: async () => machine.engine,
  isOfThisMachine: async () => machine.isOurs,
  missingImages: async () => machine.missing,
}))
vi.mock('./obtain/assert-nothing-missing.ts', () => ({ assertNothingMissing: vi.fn(async () => undefined) }))

afterEach(() => {
  Object.assign(machine, { engine: undefined, isOurs: true, missing: [] })
  vi.mocked(assertNothingMissing).mockClear()
})

describe('how servers are started', () => {
  const engine = {} as Engine

  it('in containers where an engine has the images', async () => {
    machine.engine = engine
    expect(await chooseRoad({}, ['redis'])).toEqual({ kind: 'docker', engine })
    expect(assertNothingMissing).not.toHaveBeenCalled()
  })

  it('as processes where no engine answers, images are missing or the engine is another machine’s', async () => {
    expect(await chooseRoad({}, ['redis'])).toEqual({ kind: 'native' })
    Object.assign(machine, { engine, missing: ['rapport/redis:bookworm'] })
    expect(await chooseRoad({ RAPPORT_INFRA: 'auto' }, ['redis'])).toEqual({ kind: 'native' })
    Object.assign(machine, { isOurs: false, missing: [] })
    expect(await chooseRoad({}, ['redis'])).toEqual({ kind: 'native' })
    expect(assertNothingMissing).toHaveBeenCalledTimes(3)
  })

  it('as RAPPORT_INFRA insists', async () => {
    machine.engine = engine
    expect(await chooseRoad({ RAPPORT_INFRA: 'native' }, ['redis'])).toEqual({ kind: 'native' })
    machine.missing = ['rapport/versitygw:1.7.0']
    await expect(chooseRoad({ RAPPORT_INFRA: 'docker' }, ['s3'])).rejects.toThrow(
      'the engine lacks rapport/versitygw:1.7.0: npm run infra images',
    )
    machine.isOurs = false
    await expect(chooseRoad({ RAPPORT_INFRA: 'docker' }, ['s3'])).rejects.toThrow(
      'the engine is not one of this machine',
    )
    machine.engine = undefined
    await expect(chooseRoad({ RAPPORT_INFRA: 'docker' }, ['s3'])).rejects.toThrow('no container engine answers')
    await expect(chooseRoad({ RAPPORT_INFRA: 'podman' }, [])).rejects.toThrow(
      "RAPPORT_INFRA is 'podman'; it may be docker, native or auto.",
    )
  })
})
