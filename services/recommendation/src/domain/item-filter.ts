import type { ItemFilter } from '@rapport/contracts'
import type { CatalogueEntry, ShownBody } from './catalogue.ts'

export type EntryTest = (entry: CatalogueEntry) => boolean
type BodyTest = (body: ShownBody) => boolean
type Condition = NonNullable<ItemFilter['attributes']>[string]

/** The filter as one test; undefined when it asks for nothing. */
export function compileItemFilter(filter: ItemFilter | undefined): EntryTest | undefined {
  const tests = filter === undefined ? [] : bodyTests(filter)
  return tests.length === 0 ? undefined : ({ body }) => tests.every((test) => test(body))
}

function bodyTests({ category, tags, price, attributes }: ItemFilter): BodyTest[] {
  const tests: BodyTest[] = []
  if (category !== undefined) {
    const wanted = typeof category === 'string' ? [category] : category
    tests.push((body) => body.categories?.some((name) => wanted.includes(name)) === true)
  }
  if (tags !== undefined) tests.push((body) => tags.every((tag) => body.tags?.includes(tag) === true))
  if (price !== undefined) tests.push((body) => isWithin(body.price, price))
  for (const [name, condition] of Object.entries(attributes ?? {})) {
    tests.push((body) => holds(attributeOf(body, name), condition))
  }
  return tests
}

function attributeOf(body: ShownBody, name: string): unknown {
  return body.attributes !== undefined && Object.hasOwn(body.attributes, name) ? body.attributes[name] : undefined
}

const holds = (value: unknown, condition: Condition): boolean =>
  typeof condition === 'object' && condition !== null ? isWithin(value, condition) : value === condition

/** A missing value is in no range, not even in one without bounds. */
function isWithin(value: unknown, range: { readonly min?: number; readonly max?: number }): boolean {
  if (typeof value !== 'number') return false
  return value >= (range.min ?? Number.NEGATIVE_INFINITY) && value <= (range.max ?? Number.POSITIVE_INFINITY)
}
