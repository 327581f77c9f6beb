import { describe, expect, it } from 'vitest'
import { ForgottenTenants, isOpen, joinCommands, saysAllOf, type ForgetCommand } from './forgotten-tenants.ts'

const command = (before: number[], taken?: number[]): ForgetCommand => ({
  type: 'forget-tenant',
  requestedAt: `at ${before.join()}`,
  tenant: 'shop',
  before,
  ...(taken === undefined ? {} : { taken }),
})

describe('copies of a command', () => {
  it('say together where it is in force, in any order', () => {
    const copies = [command([5, 0, 7]), command([5, 0, 7], [2]), command([5, 0, 7], [0, 2]), command([4, 0, 7], [1])]
    const joined = command([5, 0, 7], [0, 2])
    const orders = copies.flatMap((_, index) => {
      const turned = [...copies.slice(index), ...copies.slice(0, index)]
      return [turned, turned.toReversed()]
    })
    for (const order of orders) expect(order.reduce(joinCommands)).toEqual(joined)
  })

  it('do not carry answers over to a higher fence', () => {
    const higher = joinCommands(command([5, 0], [0, 1]), command([5, 1]))
    expect(higher).toEqual(command([5, 1], []))
    expect([isOpen(higher), isOpen(command([5, 0], [0, 1]))]).toEqual([true, false])
    expect(saysAllOf(higher, command([5, 0], [0, 1]))).toBe(false)
    expect(saysAllOf(command([5, 1], [1]), higher)).toBe(true)
    expect(saysAllOf(higher, command([5, 1], [1]))).toBe(false)
  })
})

describe('ForgottenTenants', () => {
  it('keeps the highest fence when an older copy comes late', () => {
    const forgotten = new ForgottenTenants()
    forgotten.take(command([5, 0]))
    forgotten.take(command([3, 0], [0, 1]))
    const has = (partition: number, offset: number): boolean => forgotten.has('shop', { partition, offset })
    expect([has(0, 4), has(0, 5), has(1, 0), forgotten.has('other', { partition: 0, offset: 0 })]).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(forgotten.commands).toEqual([command([5, 0], [])])
  })
})
