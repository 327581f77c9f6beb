import { IsoTimes } from '@rapport/core'
import type { FeatureEntity, FeatureStatus, FeatureValue } from '@rapport/features'

/** What `POST /v1/features` answers. */
export interface FeaturesAnswer {
  readonly asOfMs: number
  readonly entities: readonly FeatureEntity[]
  /** Names of features, each once. */
  readonly names: readonly string[]
  /** `entities x names`. */
  readonly values: readonly (readonly FeatureValue[])[]
}

/**
 * The JSON text of `FeaturesResponseSchema`, in parts that follow each other. It is put together here because a serializer
 * that is made from the schema tries each of a time's alternatives on each of up to 20,000 values.
 */
export function renderFeatures({ asOfMs, entities, names, values }: FeaturesAnswer): readonly string[] {
  const columns = names.map(toColumn)
  const times = new IsoTimes()
  const tails = new Tails(times)
  const rows = entities.map(({ kind, id }, row) => {
    let text = `${row === 0 ? '' : ','}{"kind":"${kind}","id":${JSON.stringify(id)},"features":{`
    const cells = values[row] ?? []
    for (const [index, column] of columns.entries()) text += cellText(column, cells[index] ?? missing, tails)
    return `${text}}}`
  })
  return [`{"asOf":"${times.textOf(asOfMs)}","entities":[`, ...rows, ']}']
}

/** Texts of one feature, for every entity. */
interface Column {
  readonly head: string
  /** Of an entity that has no such value, or whose counter was never touched: of most. */
  readonly missing: string
  readonly zero: string
}

/** One piece: what `+` makes is a tree, and every text that it becomes part of would walk through it. */
const flat = (...pieces: readonly string[]): string => pieces.join('')

function toColumn(name: string, index: number): Column {
  const head = flat(index === 0 ? '' : ',', JSON.stringify(name), ':{"value":')
  return {
    head,
    missing: flat(head, 'null', tailOf('null', 'missing')),
    zero: flat(head, '0', tailOf('null', 'present')),
  }
}

const tailOf = (time: string, status: FeatureStatus): string => flat(',"eventTime":', time, ',"status":"', status, '"}')

const missing: FeatureValue = { value: null, eventMs: undefined, status: 'missing' }

function cellText(column: Column, { value, eventMs, status }: FeatureValue, tails: Tails): string {
  if (eventMs === undefined && status === 'missing' && value === null) return column.missing
  if (eventMs === undefined && status === 'present' && value === 0) return column.zero
  return column.head + textOf(value) + tails.of(eventMs, status)
}

const textOf = (value: FeatureValue['value']): string =>
  typeof value === 'number' && Number.isFinite(value) ? String(value) : JSON.stringify(value)

/** What stands behind a value: many values have their newest event in common. */
class Tails {
  readonly #times: IsoTimes
  readonly #known: Readonly<Record<FeatureStatus, Map<number | undefined, string>>> = {
    present: new Map(),
    missing: new Map(),
    stale: new Map(),
  }

  constructor(times: IsoTimes) {
    this.#times = times
  }

  of(eventMs: number | undefined, status: FeatureStatus): string {
    const known = this.#known[status].get(eventMs)
    if (known !== undefined) return known
    const tail = tailOf(eventMs === undefined ? 'null' : `"${this.#times.textOf(eventMs)}"`, status)
    this.#known[status].set(eventMs, tail)
    return tail
  }
}
