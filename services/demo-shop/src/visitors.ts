import type { Product } from './catalogue.ts'
import type { Random } from './random.ts'
import { departments, styles } from './words.ts'

/** Somebody with known tastes. The platform sees only what the visitor does. */
export interface Visitor {
  readonly userId: string
  readonly anonymousId: string
  readonly language: 'en' | 'zh'
  readonly name: string
  /** Weight of each department; a few are large. */
  readonly departmentTaste: readonly number[]
  /** Weight of each style. */
  readonly styleTaste: readonly number[]
  /** The price that feels right, as a factor on the department's. */
  readonly priceLevel: number
}

const familyNames = {
  en: ['Reed', 'Okafor', 'Lindqvist', 'Marsh', 'Duarte', 'Novak'],
  zh: ['林', '陈', '赵', '周', '吴', '孙'],
}
const givenNames = {
  en: ['Ada', 'Ben', 'Clara', 'Dev', 'Ella', 'Finn'],
  zh: ['晓', '子涵', '雨桐', '浩然', '思远', '佳怡'],
}

export function createVisitors(count: number, random: Random): readonly Visitor[] {
  return Array.from({ length: count }, (_, index) => {
    const language = random.chance(0.5) ? ('en' as const) : ('zh' as const)
    const given = random.pick(givenNames[language])
    const family = random.pick(familyNames[language])
    return {
      userId: `visitor-${index + 1}`,
      anonymousId: `browser-${index + 1}`,
      language,
      name: language === 'en' ? `${given} ${family}` : `${family}${given}`,
      departmentTaste: favourites(departments.length, [0.5, 0.25, 0.1], random),
      styleTaste: favourites(styles.length, [0.6, 0.3], random),
      priceLevel: random.between(0.6, 2),
    }
  })
}

/** A little of everything, and much of a few. */
function favourites(length: number, weights: readonly number[], random: Random): readonly number[] {
  const taste = Array.from({ length }, () => 0.15 / length)
  for (const weight of weights) {
    const index = random.integer(0, length - 1)
    taste[index] = (taste[index] ?? 0) + weight
  }
  return taste
}

/** How much a visitor cares for a product: 0 to about 0.5. */
export function affinity(visitor: Visitor, product: Product): number {
  const department = visitor.departmentTaste[product.department] ?? 0
  const style = visitor.styleTaste[product.style] ?? 0
  const base = departments[product.department]?.basePrice ?? product.price
  const distance = Math.log(product.price / base / visitor.priceLevel)
  return department * Math.sqrt(style) * Math.exp(-(distance ** 2) / 2)
}

/** Probability that a visitor who looks at a shown product clicks on it. */
export const clickProbability = (visitor: Visitor, product: Product): number =>
  Math.min(0.8, 0.01 + 2 * affinity(visitor, product))
