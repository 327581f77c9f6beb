import type { ItemRow } from '@rapport/sdk'
import { Random } from './random.ts'
import { brands, departments, styles } from './words.ts'

/** A product with what the simulation knows of it and the platform does not. */
export interface Product {
  readonly id: string
  /** Index into `departments`. */
  readonly department: number
  /** Index into `styles`. */
  readonly style: number
  readonly price: number
  /** How well known it is: a Zipf weight. */
  readonly fame: number
  readonly item: ItemRow
}

const stylesPerProduct = 4

/** A few hundred products, each kind in some styles. The same seed gives the same catalogue. */
export function createCatalogue(seed: number): readonly Product[] {
  const random = new Random(seed)
  const products = departments.flatMap((department, departmentIndex) =>
    department.products.flatMap((kind) => {
      const offered = styles.map((_, index) => index)
      while (offered.length > stylesPerProduct) offered.splice(random.integer(0, offered.length - 1), 1)
      return offered.map((style) => ({ department: departmentIndex, kind, style }))
    }),
  )
  const ranks = shuffledRanks(products.length, random)
  return products.map(({ department, kind, style }, index) => {
    const home = departments[department]
    const look = styles[style]
    if (home === undefined || look === undefined) throw new RangeError('no such department or style')
    const price = Math.round(home.basePrice * look.priceFactor * random.between(0.7, 1.6) * 100) / 100
    const id = `p${String(index + 1).padStart(4, '0')}`
    const item: ItemRow = {
      id,
      title: `${capitalised(look.en)} ${kind.en} ${look.zh}${kind.zh}`,
      description: `${capitalised(kind.en)} in a ${look.en} style. ${look.zh}风格的${kind.zh}。`,
      categories: [home.en, kind.en],
      tags: [look.en, look.zh, home.zh],
      brand: random.pick(brands),
      price,
      currency: 'EUR',
      available: true,
      attributes: { style: look.en, kind: kind.en, weightGrams: random.integer(50, 4000) },
    }
    return { id, department, style, price, fame: 1 / (1 + (ranks[index] ?? 0)) ** 0.6, item }
  })
}

function shuffledRanks(length: number, random: Random): readonly number[] {
  const ranks = Array.from({ length }, (_, index) => index)
  for (let index = length - 1; index > 0; index -= 1) {
    const other = random.integer(0, index)
    const here = ranks[index] ?? 0
    ranks[index] = ranks[other] ?? 0
    ranks[other] = here
  }
  return ranks
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
