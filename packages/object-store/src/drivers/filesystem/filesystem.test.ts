import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { processIdentity } from '@rapport/core'
import { reservedComponent } from '../../keys.ts'
import { describeObjectStore } from '../../port-suite.ts'
import { openFilesystemObjectStore } from './open-filesystem-object-store.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const writerPath = join(import.meta.dirname, 'test-writer.ts')

describeObjectStore('filesystem', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'object-store-'))
  return {
    connect: () => openFilesystemObjectStore({ directory }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
})

describe('filesystem driver', () => {
  let directory: string
  let children: ChildProcess[]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'object-store-'))
    children = []
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  })

  const runWriter = (...parameters: string[]) => {
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    const child = spawn(process.execPath, [writerPath, directory, ...parameters], { stdio: [...stdio] })
    children.push(child)
    return child
  }
  const ownFiles = (folder: string) => readdir(join(directory, reservedComponent, folder))

  it('stores objects as plain files under their keys', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await store.put('archive/shop/topic/0/file.ndjson', text('{}\n'))
    expect(await readFile(join(directory, 'archive/shop/topic/0/file.ndjson'), 'utf8')).toBe('{}\n')
  })

  it('says that a key lies below an object, or is a folder', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await store.put('a/b', text('x'))
    const refusal = expect.objectContaining({ code: 'RPT_OBJECT_KEY' })
    for (const options of [{}, { ifAbsent: true }]) {
      await expect(store.put('a/b/c', text('y'), options)).rejects.toThrow(refusal)
      await expect(store.put('a', text('y'), options)).rejects.toThrow(refusal)
    }
    expect(await store.get('a')).toBeUndefined()
    expect(await store.get('a/b/c')).toBeUndefined()
    expect(await ownFiles('unfinished')).toEqual([])
  })

  it('keeps its own folder out of reach', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await expect(store.put(`${reservedComponent}/locks/x`, text('x'))).rejects.toThrow('reserved component')
    expect(await Array.fromAsync(store.list(''))).toEqual([])
  })

  it('lets one of several processes win, and loses no step of their counter', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await store.put('counter', text('0'))
    const writers = ['one', 'two', 'three'].map((name) => runWriter('race', name))
    const outputs = await Promise.all(
      writers.map(async (writer) => {
        const lines = Array.fromAsync(writer.stdout.setEncoding('utf8')) as Promise<string[]>
        const [code] = (await once(writer, 'exit')) as [number]
        expect(code).toBe(0)
        return (await lines).join('').trim().split(',').map(Number)
      }),
    )
    const wins = outputs.flat().filter((round) => !Number.isNaN(round) && round >= 0)
    expect(wins.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 40 }, (_, round) => round))
    expect(new TextDecoder().decode((await store.get('counter'))?.body)).toBe('120')
    expect(await ownFiles('locks')).toEqual([])
  })

  it('survives kill -9 in the middle of a put: old object whole, leftovers swept', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await store.put('victim', text('old'))
    const writer = runWriter('hang', 'victim')
    await once(writer.stdout, 'data')
    // The fault is real: part of the new body is on disk.
    await vi.waitFor(async () => expect(await ownFiles('unfinished')).toHaveLength(1), { timeout: 10_000 })
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    expect(await ownFiles('unfinished')).toHaveLength(1)

    const reopened = await openFilesystemObjectStore({ directory })
    expect(new TextDecoder().decode((await reopened.get('victim'))?.body)).toBe('old')
    expect(await ownFiles('unfinished')).toEqual([])
    expect(await reopened.put('victim', text('new'))).toMatchObject({ stored: true })
  })

  it('takes over locks of dead processes and dead threads, from many sides at once', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openFilesystemObjectStore({ directory })))
    const writer = runWriter('lock', 'locked')
    await once(writer.stdout, 'data')
    expect(await ownFiles('locks')).toHaveLength(1)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    const [lock] = await ownFiles('locks')
    if (lock === undefined) throw new Error('the killed process has left no lock')
    const outcomes = await Promise.all(stores.map((store, at) => store.put('locked', text(`${at}`))))
    expect(outcomes.every((outcome) => outcome.stored)).toBe(true)

    await symlink(`${processIdentity}_deadthread00`, join(directory, reservedComponent, 'locks', lock))
    expect(await stores[0]?.put('locked', text('again'))).toMatchObject({ stored: true })
    expect(await ownFiles('locks')).toEqual([])
  })

  it('leaves unfinished files of living processes alone', async () => {
    const writer = runWriter('hang', 'slow')
    await once(writer.stdout, 'data')
    await vi.waitFor(async () => expect(await ownFiles('unfinished')).toHaveLength(1), { timeout: 10_000 })
    await openFilesystemObjectStore({ directory })
    expect(await ownFiles('unfinished')).toHaveLength(1)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
  })

  it('excludes threads of one process from each other', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await store.put('counter', text('0'))
    const threads = ['t1', 't2'].map(
      (name) => new Worker(writerPath, { argv: [directory, 'race', name], stdout: true }),
    )
    await Promise.all(threads.map((thread) => once(thread, 'exit')))
    expect(new TextDecoder().decode((await store.get('counter'))?.body)).toBe('80')
  })

  it('reports what the file system refuses as something to try again', async () => {
    const store = await openFilesystemObjectStore({ directory })
    await rm(join(directory, reservedComponent), { recursive: true })
    await writeFile(join(directory, reservedComponent), '')
    await expect(store.put('x', text('y'))).rejects.toThrow(
      expect.objectContaining({ code: 'RPT_OBJECT_STORE_UNAVAILABLE', canRetry: true }),
    )
  })
})
