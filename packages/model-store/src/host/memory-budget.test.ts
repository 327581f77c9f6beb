import { describe, expect, it } from 'vitest'
import { MemoryBudget, type Evictable, type Footprint } from './memory-budget.ts'

const words = { key: 'words', bytes: 100 }
const others = { key: 'others', bytes: 100 }

/** A budget of 300 with models in it, the least recently used first; `evicted` are those that it took back. */
async function budgetWith(...held: readonly Footprint[]) {
  const budget = new MemoryBudget(300, 1000)
  for (const each of held) expect(await budget.reserve(each, () => [])).toBe(true)
  const evicted: Footprint[] = []
  const candidates = held.map((footprint, lastUsed): Evictable => {
    const evict = () => {
      evicted.push(footprint)
      budget.release(footprint)
      return { released: Promise.resolve() }
    }
    return { footprint, lastUsed, evict }
  })
  const take = (wanted: Footprint): Promise<boolean> => budget.reserve(wanted, () => candidates)
  return { budget, evicted, take }
}

describe('memory that models share', () => {
  it('counts once, from the first of them to the last', async () => {
    const [one, other] = [
      { bytes: 10, shared: words },
      { bytes: 20, shared: words },
    ]
    const { budget, evicted, take } = await budgetWith(one, other)
    expect(budget.usedBytes).toBe(130)
    expect(await take({ bytes: 30, shared: others })).toBe(true)
    expect([budget.usedBytes, evicted]).toEqual([260, []])
    budget.release(one)
    expect(budget.usedBytes).toBe(250)
    budget.release(other)
    expect(budget.usedBytes).toBe(130)
  })

  it('is given back by the last that holds it: until then the others go, too', async () => {
    const [first, second, third] = [{ bytes: 10, shared: words }, { bytes: 50 }, { bytes: 10, shared: words }]
    const { budget, evicted, take } = await budgetWith(first, second, third)
    expect(await take({ bytes: 110, shared: others })).toBe(true)
    expect(evicted).toEqual([first, second, third])
    expect(budget.usedBytes).toBe(210)
  })

  it('leaves models alone where what is wanted holds no more than they do', async () => {
    const held = { bytes: 100, shared: words }
    const { evicted, take } = await budgetWith(held)
    expect(await take({ bytes: 100, shared: words })).toBe(true)
    expect(evicted).toEqual([])
  })

  it('is refused where it does not fit into all of the budget, and nobody goes', async () => {
    const { budget, evicted, take } = await budgetWith({ bytes: 100 })
    expect(await take({ bytes: 201, shared: words })).toBe(false)
    expect([budget.usedBytes, evicted]).toEqual([100, []])
  })
})
