import { expect, it } from 'vitest'
import { Ending } from './ending.ts'

it('names what has begun to end and has not ended', async () => {
  const ending = new Ending()
  const stack = new AsyncDisposableStack()
  const held = Promise.withResolvers<void>()
  ending.own(stack, 'stores', { [Symbol.asyncDispose]: () => Promise.resolve() })
  ending.own(stack, 'consumers', { [Symbol.asyncDispose]: () => held.promise })
  ending.own(stack, 'requests', { [Symbol.asyncDispose]: () => Promise.reject(new Error('broken')) })
  expect(ending.running).toEqual([])
  const disposed = stack.disposeAsync()
  await expect.poll(() => ending.running).toEqual(['consumers'])
  held.resolve()
  await expect(disposed).rejects.toThrow('broken')
  expect(ending.running).toEqual([])
})
