import { describe, expect, it } from 'vitest'
import { hashText } from '../../message-digest.ts'
import { addToTally, decodeTally, type TallyBuckets } from './tally-part.ts'

function bucketsInMemory(): TallyBuckets & { readonly stored: Map<number, Buffer> } {
  const stored = new Map<number, Buffer>()
  return {
    stored,
    read: (bucket) => stored.get(bucket),
    write: (bucket, bytes) => {
      if (bytes.length === 0) stored.delete(bucket)
      else stored.set(bucket, bytes)
    },
  }
}

describe('tally part', () => {
  it('keeps few fields in its root', () => {
    const buckets = bucketsInMemory()
    const first = addToTally(undefined, new Map([['a', 1]]), buckets)
    const root = addToTally(
      first,
      new Map([
        ['a', 2],
        ['茶', -1],
      ]),
      buckets,
    )
    expect(decodeTally(root, buckets)).toEqual(
      new Map([
        ['a', 3],
        ['茶', -1],
      ]),
    )
    expect(buckets.stored.size).toBe(0)
  })

  it('counts each field once while it grows, however unevenly the fields fall into buckets', () => {
    const names: string[] = []
    for (let index = 0; names.length < 150; index++)
      if ((hashText(`n${index}`) & 0xff) === 0x55) names.push(`n${index}`)
    const buckets = bucketsInMemory()
    let root: Buffer | undefined
    for (const name of [...names, ...names]) root = addToTally(root, new Map([[name, 1]]), buckets)
    expect(root?.readUInt8(0)).toBeGreaterThan(2)
    const storedBytes = [...buckets.stored.values()].reduce((sum, bytes) => sum + bytes.length, 0)
    expect(storedBytes).toBe(names.reduce((sum, name) => sum + 2 + name.length + 8, 0))
    expect(decodeTally(root ?? Buffer.of(0), buckets)).toEqual(new Map(names.map((name) => [name, 2])))
  })
})
