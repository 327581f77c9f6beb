import { describe, expect, it } from 'vitest'
import { MemoryBudget, type Evictable, type Footprint } from './memory-budget.ts'

const words = { key: 'words', bytes: 100 }
const others = { key: 'others', bytes: 100 }

/** A budget of 300 with models in it, the least recently used first; `evicted` are those that it took back. */
const budgetWith = (...held: readonly Footprint[]) => filled(held)
const budgetBeside = (other: MemoryBudget, ...held: readonly Footprint[]) => filled(held, (key) => other.counts(key))

async function filled(held: readonly Footprint[], countsElsewhere?: (key: string) => boolean) {
  const budget = new MemoryBudget({ totalBytes: 300, drainMs: 1000, ...(countsElsewhere && { countsElsewhere }) })
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
  const trim = (): Promise<void> =>
    budget.trim(() => candidates.filter(({ footprint }) => !evicted.includes(footprint)))
  return { budget, evicted, take, trim }
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

describe('memory that models share with those of another budget', () => {
  const [one, other] = [
    { bytes: 120, shared: words },
    { bytes: 130, shared: words },
  ]

  it('counts there, as long as models hold it there, and here from then on', async () => {
    const first = await budgetWith(one)
    const { budget, take } = await budgetBeside(
      first.budget,
      { bytes: 10, shared: words },
      { bytes: 20, shared: others },
    )
    expect([first.budget.usedBytes, budget.usedBytes]).toEqual([220, 130])
    expect(await take({ bytes: 170, shared: words })).toBe(true)
    expect([first.budget.usedBytes, budget.usedBytes]).toEqual([220, 300])
    first.budget.release(one)
    expect([first.budget.usedBytes, budget.usedBytes]).toEqual([0, 400])
  })

  it('costs the first budget what it costs without the other, which has it for nothing from then on', async () => {
    const first = await budgetWith({ bytes: 10 })
    const { budget, evicted } = await budgetBeside(first.budget, one)
    expect([first.budget.usedBytes, budget.usedBytes]).toEqual([10, 220])
    expect(await first.take({ bytes: 190, shared: words })).toBe(true)
    expect([first.budget.usedBytes, budget.usedBytes]).toEqual([300, 120])
    expect([...first.evicted, ...evicted]).toEqual([])
  })

  it('goes with the least recently used where it counts here now, and is too much', async () => {
    const first = await budgetWith({ bytes: 10, shared: words })
    const { budget, evicted, trim } = await budgetBeside(first.budget, one, other, { bytes: 40 })
    await trim()
    expect([budget.usedBytes, evicted]).toEqual([290, []])
    await first.take({ bytes: 300 })
    expect([first.budget.usedBytes, budget.usedBytes]).toEqual([300, 390])
    await trim()
    expect([budget.usedBytes, evicted]).toEqual([270, [one]])
  })

  it('counts once in a row of budgets, in the first that holds it', async () => {
    const first = await budgetWith(one)
    const second = await budgetBeside(first.budget, { bytes: 10, shared: words })
    const third = await budgetBeside(second.budget, { bytes: 20, shared: words })
    const used = (): number[] => [first, second, third].map(({ budget }) => budget.usedBytes)
    expect(used()).toEqual([220, 10, 20])
    first.budget.release(one)
    expect(used()).toEqual([0, 110, 20])
  })
})
