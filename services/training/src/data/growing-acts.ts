/** One act of a visitor: something done to an item at a time. */
export interface Act {
  readonly visitor: number
  readonly item: number
  /** Index of the event's name among the weighted events. */
  readonly kind: number
  readonly atMs: number
}

/** Acts in columns that grow: 17 bytes an act. */
export class GrowingActs {
  visitors = new Int32Array(4096)
  items = new Int32Array(4096)
  kinds = new Uint8Array(4096)
  timesMs = new Float64Array(4096)
  length = 0

  push({ visitor, item, kind, atMs }: Act): void {
    const at = this.length
    if (at === this.visitors.length) this.#grow()
    this.visitors[at] = visitor
    this.items[at] = item
    this.kinds[at] = kind
    this.timesMs[at] = atMs
    this.length += 1
  }

  #grow(): void {
    const larger = this.visitors.length * 2
    this.visitors = copyInto(new Int32Array(larger), this.visitors)
    this.items = copyInto(new Int32Array(larger), this.items)
    this.kinds = copyInto(new Uint8Array(larger), this.kinds)
    this.timesMs = copyInto(new Float64Array(larger), this.timesMs)
  }
}

function copyInto<A extends Int32Array | Uint8Array | Float64Array>(target: A, source: A): A {
  target.set(source)
  return target
}

/** Numbers texts in the order in which they come. */
export class Numbering {
  readonly texts: string[] = []
  readonly #numbers = new Map<string, number>()

  of(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const number = this.texts.length
    this.#numbers.set(text, number)
    this.texts.push(text)
    return number
  }

  find(text: string): number | undefined {
    return this.#numbers.get(text)
  }
}

/** The different texts by their code units, and the place of each given text among them. */
export function numberInOrder(given: readonly string[]): { readonly texts: string[]; readonly numbers: Int32Array } {
  const texts = [...new Set(given)].sort((a, b) => (a < b ? -1 : Number(a > b)))
  const places = new Map(texts.map((text, place) => [text, place]))
  return { texts, numbers: Int32Array.from(given, (text) => places.get(text) ?? 0) }
}
