/** A model store on a fresh folder, and models that are a number, for the tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelManifest } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import type { ModelLoader } from '../host/model-loader.ts'
import { createModelStore, type ModelStore } from '../model-store.ts'

export interface Fixture extends AsyncDisposable {
  /** Of the object store. */
  readonly directory: string
  readonly objects: ObjectStore
  readonly models: ModelStore
  readonly log: Log & { readonly lines: { readonly level: string; readonly message: string }[] }
  readonly clock: Clock & { nowMs: number }
}

export function recordingLog(): Fixture['log'] {
  const lines: { level: string; message: string }[] = []
  const write = (level: string) => (_fields: object, message?: string) =>
    void lines.push({ level, message: message ?? '' })
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

export async function openFixture(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'model-store-'))
  const objects = await openFilesystemObjectStore({ directory })
  const log = recordingLog()
  const clock = { nowMs: Date.parse('2026-01-01T00:00:00.000Z'), now: () => clock.nowMs }
  return {
    directory,
    objects,
    log,
    clock,
    models: createModelStore(objects, { log, clock }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

export const champion = { tenant: 'shop', name: 'numbers', alias: 'champion' } as const

export interface PublishOptions {
  readonly version: string
  readonly value: number
  readonly tenant?: string
  readonly name?: string
  readonly bytes?: number
  /** What the self-check expects; the value when absent. */
  readonly expected?: unknown
}

/** Publishes a model that is a number, in a file of `bytes` bytes. */
export function publish(models: ModelStore, options: PublishOptions): Promise<ModelManifest> {
  const { version, value, tenant = 'shop', name = 'numbers', bytes = 100 } = options
  return models.publish({
    tenant,
    name,
    version,
    task: 'test',
    algorithm: 'constant',
    framework: 'none',
    inputSchema: {},
    data: { rows: 1, fingerprint: 'f' },
    parameters: {},
    metrics: {},
    codeRevision: 'test',
    files: new Map([
      ['number.txt', new TextEncoder().encode(String(value))],
      ['weights/padding.bin', new Uint8Array(bytes - String(value).length)],
    ]),
    selfCheck: 'expected' in options ? options.expected : { value },
  })
}

export interface NumberModel {
  readonly value: number
  isDisposed: boolean
}

/** Loads numbers and keeps account of what it has loaded and disposed. */
export function numberLoader(): ModelLoader<NumberModel> & { readonly loaded: NumberModel[]; decodes: number } {
  const loaded: NumberModel[] = []
  return {
    loaded,
    decodes: 0,
    decode(files) {
      this.decodes += 1
      const value = Number(new TextDecoder().decode(files.get('number.txt')))
      if (Number.isNaN(value)) throw new Error('not a number')
      const model = { value, isDisposed: false }
      loaded.push(model)
      return model
    },
    selfCheck({ value }, expected) {
      if ((expected as { value: number }).value !== value) throw new Error(`is ${value}`)
    },
    dispose(model) {
      if (model.isDisposed) throw new Error('disposed twice')
      model.isDisposed = true
    },
  }
}
