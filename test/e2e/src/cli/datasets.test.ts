import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

test('a data set is uploaded, listed, shown and removed', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatformProcess({ dataDir: folder.path })
  const options = { platform, dataDir: folder.path }
  const run = (...args: string[]) => runCli(['datasets', ...args], options)
  const file = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(folder.path, name)
    await writeFile(path, content)
    return path
  }

  expect(await run('list')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('no data set yet') })
  const csv = await file('reviews.csv', 'review,stars\n很好,good\n"so, so",bad\n,bad\n很好 ,bad\n')
  const uploaded = await run('upload', csv, '--name', 'reviews', '--text', 'review', '--label', 'stars')
  expect(uploaded).toMatchObject({ code: 0, stderr: 'reviews.csv row 3: review: is empty\n' })
  const [, version = ''] = /^reviews version (\S+): 3 rows, 1 left out$/m.exec(uploaded.stdout) ?? []
  expect(uploaded.stdout).toMatch(/^label +rows\nbad +2\ngood +1\n1 rows repeat /m)
  expect(uploaded.stdout).toContain('row 1 good, row 4 bad')

  const ndjson = await file('texts.jsonl.gz', gzipSync('{"text":"one"}\n{"text":"two"}\n'))
  expect(await run('upload', ndjson, '--name', 'reviews', '--no-label')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^reviews version \S+: 2 rows, 0 left out\n$/),
    stderr: '',
  })
  expect((await run('list')).stdout).toMatch(/^name .*\nreviews +\S+ +\S+ +2 +2 +0\n$/)
  expect((await run('show', 'reviews', version)).stdout).toContain(`reviews version ${version}: 3 rows, 1 left out`)
  const rows = await Array.fromAsync(platform.client.datasets.rows('reviews', version))
  expect(rows.map(({ row, text }) => [row, text])).toEqual([
    [1, '很好'],
    [2, 'so, so'],
    [4, '很好 '],
  ])
  const page = await platform.client.datasets.page('reviews', version, { limit: 1, after: 1 })
  expect(page).toEqual({ rows: [{ row: 2, text: 'so, so', labels: ['bad'] }], next: 2 })

  const failing: [string[], RegExp][] = [
    [
      ['upload', csv, '--name', 'reviews'],
      /The header has no column "text", "label"; it has "review", "stars"\. \(HTTP 400/,
    ],
    [['upload', join(folder.path, 'none.csv'), '--name', 'x'], /none\.csv/],
    [['upload', await file('reviews.txt', 'text\n'), '--name', 'x'], /give --format csv or --format ndjson/],
    [['show', 'none'], /there is no data set "none"/],
    [['remove', 'none'], /HTTP 404/],
  ]
  for (const [args, message] of failing) {
    expect(await run(...args), args.join(' ')).toMatchObject({ code: 1, stderr: expect.stringMatching(message) })
  }
  expect(await run('upload', csv)).toMatchObject({ code: 2, stderr: expect.stringContaining("'--name <name>'") })

  expect(await run('remove', 'reviews', version)).toMatchObject({ code: 0 })
  expect(await run('remove', 'reviews')).toMatchObject({ code: 0, stdout: 'reviews is removed\n' })
  expect(await platform.client.datasets.get('reviews')).toBeUndefined()
  expect((await platform.client.datasets.upload('again', 'text,label\na,x\n')).rows).toBe(1)
})
