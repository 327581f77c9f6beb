import { expect, it } from 'vitest'
import { startAll } from './start-all.ts'

it('disposes of what came up when one start fails', async () => {
  const gone: string[] = []
  const up = (name: string) => async () => ({ name, [Symbol.asyncDispose]: async () => void gone.push(name) })
  const fails = async (): Promise<AsyncDisposable> => {
    throw new Error('no room')
  }
  await expect(startAll<AsyncDisposable>([up('a'), fails, up('b')])).rejects.toThrow('no room')
  expect(gone.toSorted()).toEqual(['a', 'b'])
})

it('keeps the order and disposes of all', async () => {
  const gone: string[] = []
  const up = (name: string) => async () => ({ name, [Symbol.asyncDispose]: async () => void gone.push(name) })
  {
    await using group = await startAll([up('a'), up('b')])
    expect(group.started.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(gone).toEqual([])
  }
  expect(gone).toEqual(['a', 'b'])
})
