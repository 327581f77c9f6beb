import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findReferences, pinReferences, withDigest } from './base-references.ts'

const digest = `sha256:${'0a'.repeat(32)}`
const text = 'ARG BASE=node:24.21.0-bookworm-slim\nARG BUILD_BASE=${BASE}\nARG SERVICE\nFROM ${BASE}\n'

it('finds the images of build arguments', () => {
  expect(findReferences('Dockerfile', text)).toEqual([
    { file: 'Dockerfile', image: 'node:24.21.0-bookworm-slim', digest: undefined },
  ])
  expect(findReferences('Dockerfile', withDigest(text, 'node:24.21.0-bookworm-slim', digest))[0]?.digest).toBe(digest)
})

it.each([
  ['ARG BASE=node', 'has no tag'],
  ['ARG BASE=node:latest', 'has no tag'],
  ['ARG BASE=127.0.0.1:5000/node', 'has no tag'],
  ['ARG BASE=node:24@sha256:abc', 'has no digest in sha256:abc'],
])('refuses %s: it %s', (line, problem) => {
  expect(() => findReferences('docker/Dockerfile', line)).toThrow(problem)
})

it('takes a digest away and leaves other images alone', () => {
  const pinned = withDigest(text, 'node:24.21.0-bookworm-slim', digest)
  expect(pinned).toContain(`ARG BASE=node:24.21.0-bookworm-slim@${digest}\n`)
  expect(withDigest(pinned, 'node:24.21.0-bookworm-slim', undefined)).toBe(text)
  expect(withDigest(text, 'node:22', digest)).toBe(text)
})

async function clone(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'rapport-pins-'))
  const root = folder.path
  await mkdir(join(root, 'docker'))
  await writeFile(join(root, 'docker/Dockerfile'), text)
  await writeFile(join(root, 'docker/training-gpu.Dockerfile'), 'ARG BASE=node:24.21.0-bookworm\n')
  return folder
}

it('writes what the registry says', async () => {
  await using folder = await clone()
  const root = folder.path
  const pinned = await pinReferences(root, async (image) => (image.endsWith('-slim') ? digest : undefined))
  expect(pinned.map((reference) => reference.digest)).toEqual([digest, undefined])
  expect(await readFile(join(root, 'docker/Dockerfile'), 'utf8')).toBe(
    withDigest(text, 'node:24.21.0-bookworm-slim', digest),
  )
})

it('makes no digest up where no registry answers', async () => {
  await using folder = await clone()
  const root = folder.path
  expect((await pinReferences(root, async () => undefined)).map((reference) => reference.digest)).toEqual([
    undefined,
    undefined,
  ])
  expect(await readFile(join(root, 'docker/Dockerfile'), 'utf8')).toBe(text)
  await expect(pinReferences(root, async () => 'sha256:short')).rejects.toThrow('is none: sha256:short')
})
