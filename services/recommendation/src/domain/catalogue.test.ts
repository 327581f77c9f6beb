import { describe, expect, it } from 'vitest'
import { Catalogue } from './catalogue.ts'
import { ItemTable } from './item-table.ts'
import { itemOf } from './testing.ts'

const setUp = (): { table: ItemTable; catalogue: Catalogue } => {
  const table = new ItemTable()
  return { table, catalogue: new Catalogue(table) }
}

describe('Catalogue', () => {
  it('shows anything until the tenant has told of an item, and then only what stands', () => {
    const { table, catalogue } = setUp()
    const listed = table.intern('listed')
    const unlisted = table.intern('unlisted')
    expect(catalogue.mayShow(unlisted)).toBe(true)
    catalogue.apply(itemOf('listed'))
    expect(catalogue.mayShow(listed)).toBe(true)
    expect(catalogue.mayShow(unlisted)).toBe(false)
  })

  it('hides what is unavailable or deleted', () => {
    const { catalogue } = setUp()
    const index = catalogue.apply(itemOf('a', { available: false })) ?? -1
    expect(catalogue.mayShow(index)).toBe(false)
    catalogue.apply(itemOf('a', {}, { version: 2 }))
    expect(catalogue.mayShow(index)).toBe(true)
    catalogue.apply(itemOf('a', {}, { version: 3, deleted: true }))
    expect(catalogue.mayShow(index)).toBe(false)
    expect(catalogue.size).toBe(0)
  })

  it('takes the higher version, in any order, over a deletion too', () => {
    const { catalogue } = setUp()
    const index = catalogue.apply(itemOf('a', { title: 'new' }, { version: 5 })) ?? -1
    expect(catalogue.apply(itemOf('a', { title: 'old' }, { version: 4 }))).toBeUndefined()
    expect(catalogue.entryAt(index)?.body.title).toBe('new')
    catalogue.apply(itemOf('a', {}, { version: 7, deleted: true }))
    expect(catalogue.apply(itemOf('a', {}, { version: 6 }))).toBeUndefined()
    expect(catalogue.mayShow(index)).toBe(false)
  })

  it('forgets an item whose record is gone, and what was deleted stays unlisted', () => {
    const { table, catalogue } = setUp()
    catalogue.apply(itemOf('a'))
    catalogue.apply(itemOf('b', {}, { deleted: true }))
    const index = table.intern('a')
    expect(catalogue.forget('a')).toBe(index)
    expect(catalogue.forget('a')).toBeUndefined()
    expect(catalogue.forget('never heard of')).toBeUndefined()
    expect(catalogue.mayShow(index)).toBe(false)
  })

  it('governs no more when every record is gone, as a catalogue read anew would', () => {
    const { table, catalogue } = setUp()
    const unlisted = table.intern('unlisted')
    catalogue.apply(itemOf('a'))
    catalogue.apply(itemOf('b', {}, { deleted: true }))
    catalogue.forget('a')
    expect(catalogue.mayShow(unlisted)).toBe(false)
    catalogue.forget('b')
    expect(catalogue.mayShow(unlisted)).toBe(true)
    catalogue.apply(itemOf('a', { title: 'anew' }, { version: 1 }))
    expect(catalogue.entryAt(table.intern('a'))?.body.title).toBe('anew')
    expect(catalogue.mayShow(unlisted)).toBe(false)
  })

  it('keeps descriptions out of memory', () => {
    const { catalogue } = setUp()
    const index = catalogue.apply(itemOf('a', { title: 'Tea', description: 'x'.repeat(10_000) })) ?? -1
    expect(catalogue.entryAt(index)?.body).toEqual({ title: 'Tea' })
  })
})
