import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLedger } from './ledger.ts'
import { sampleFolder } from './testing/sample-folder.ts'

const setUp = async (): Promise<{ folder: string; path: string }> => {
  const data = await sampleFolder({ 'a.csv': 'id\n1\n' })
  return { folder: join(data, 'imports'), path: join(data, 'a.csv') }
}

test('what was committed is there when the file comes again, under whatever name', async () => {
  const { folder, path } = await setUp()
  const ledger = await openLedger(folder, { target: 'x main', path, part: 'orders' })
  expect(ledger.entry).toBeUndefined()
  await ledger.commit(500, false)
  await copyFile(path, `${path}.copy`)
  const again = await openLedger(folder, { target: 'x main', path: `${path}.copy`, part: 'orders' })
  expect(again.entry).toMatchObject({ file: 'a.csv', committedRows: 500, finished: false })
  await again.commit(700, true)
  const { entry } = await openLedger(folder, { target: 'x main', path, part: 'orders' })
  expect(entry).toMatchObject({ committedRows: 700, finished: true })
})

test('another part, another tenant and other content are other imports', async () => {
  const { folder, path } = await setUp()
  await (await openLedger(folder, { target: 'x main', path, part: 'orders' })).commit(1, true)
  expect((await openLedger(folder, { target: 'x main', path, part: 'items' })).entry).toBeUndefined()
  expect((await openLedger(folder, { target: 'x other', path, part: 'orders' })).entry).toBeUndefined()
  await writeFile(path, 'id\n1\n2\n')
  expect((await openLedger(folder, { target: 'x main', path, part: 'orders' })).entry).toBeUndefined()
})

test('an entry that is none is named, not guessed at', async () => {
  const { folder, path } = await setUp()
  const place = { target: 'x main', path, part: 'orders' }
  await (await openLedger(folder, place)).commit(1, false)
  const [name = ''] = await readdir(folder)
  for (const text of ['{}', '{"committedRows":"1","finished":true}', '{"commit']) {
    await writeFile(join(folder, name), text)
    await expect(openLedger(folder, place)).rejects.toThrow(`${name} is not a ledger entry; remove it`)
  }
})
