import type { GrowingVocabulary } from './feature-readers.ts'
import type { VocabularyFeatures } from './vectorizer-data.ts'

const codePoints = 0x11_00_00

/** The vocabulary of the selected nodes, and the column of each node of the growing one (-1: none). */
export function buildVocabulary(
  growing: GrowingVocabulary,
  selected: Uint8Array,
  ofCharacters: boolean,
): { readonly features: VocabularyFeatures; readonly columnOfNode: Int32Array; readonly columns: number } {
  const { table } = growing
  const live = withBeginnings(selected, table.parents)
  const { tokens, rankOf } = ofCharacters ? { tokens: [], rankOf: undefined } : rankTokens(growing, live)
  const ranks = Int32Array.from(live, (node) => {
    const token = table.tokens[node] as number
    return rankOf === undefined ? token : (rankOf[token] as number)
  })
  const inOrder = preorder(live, ranks, table.parents)
  const numberOf = new Int32Array(table.size).fill(-1)
  const columnOfNode = new Int32Array(table.size).fill(-1)
  const parents = new Int32Array(live.length)
  const tokenOf = new Int32Array(live.length)
  const columnOf = new Int32Array(live.length)
  let columns = 0
  for (let number = 0; number < inOrder.length; number += 1) {
    const at = inOrder[number] as number
    const node = live[at] as number
    const parent = table.parents[node] as number
    numberOf[node] = number
    parents[number] = parent < 0 ? -1 : (numberOf[parent] as number)
    tokenOf[number] = ranks[at] as number
    columnOfNode[node] = selected[node] === 1 ? columns++ : -1
    columnOf[number] = columnOfNode[node]
  }
  return { features: { kind: 'vocabulary', tokens, parents, tokenOf, columnOf }, columnOfNode, columns }
}

/** The selected nodes and all that they begin with, ascending. */
function withBeginnings(selected: Uint8Array, parents: Int32Array): Int32Array {
  const needed = selected.slice()
  let count = 0
  // A parent was made before its nodes.
  for (let node = selected.length - 1; node >= 0; node -= 1) {
    if (needed[node] === 0) continue
    count += 1
    const parent = parents[node] as number
    if (parent >= 0) needed[parent] = 1
  }
  const live = new Int32Array(count)
  for (let node = selected.length - 1; node >= 0; node -= 1) if (needed[node] === 1) live[--count] = node
  return live
}

/** The tokens of the live nodes in order, and each token's place among them. */
function rankTokens(
  { table, tokens }: GrowingVocabulary,
  live: Int32Array,
): { readonly tokens: readonly string[]; readonly rankOf: Int32Array } {
  const used = new Uint8Array(tokens.length)
  for (const node of live) used[table.tokens[node] as number] = 1
  const kept = tokens.flatMap((token, id) => (used[id] === 1 ? [{ token, id }] : []))
  kept.sort((a, b) => compareCodePoints(a.token, b.token))
  const rankOf = new Int32Array(tokens.length).fill(-1)
  for (const [rank, { id }] of kept.entries()) rankOf[id] = rank
  return { tokens: kept.map(({ token }) => token), rankOf }
}

/** Positions in `live` so that parents come before their nodes and siblings by rank; two counting sorts and a walk. */
function preorder(live: Int32Array, ranks: Int32Array, parents: Int32Array): Int32Array {
  const byRank = countingSort(
    Int32Array.from(live, (_, at) => at),
    (at) => ranks[at] as number,
    codePoints,
  )
  const parentOf = (at: number): number => (parents[live[at] as number] as number) + 1
  const nodes = 1 + (live.at(-1) ?? -1)
  const siblings = countingSort(byRank, parentOf, nodes + 1)
  const firstChild = new Int32Array(nodes + 2)
  for (const at of siblings) firstChild[parentOf(at) + 1] = (firstChild[parentOf(at) + 1] as number) + 1
  for (let node = 0; node <= nodes; node += 1) {
    firstChild[node + 1] = (firstChild[node + 1] as number) + (firstChild[node] as number)
  }
  const stack: number[] = []
  const pushChildren = (parent: number): void => {
    for (let slot = (firstChild[parent + 1] as number) - 1; slot >= (firstChild[parent] as number); slot -= 1) {
      stack.push(siblings[slot] as number)
    }
  }
  const order = new Int32Array(live.length)
  let found = 0
  pushChildren(0)
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    order[found++] = at
    pushChildren((live[at] as number) + 1)
  }
  return order
}

/** The values in ascending order of their keys (0 .. limit - 1), equal ones in their order. */
function countingSort(values: Int32Array, keyOf: (value: number) => number, limit: number): Int32Array {
  const next = new Int32Array(limit + 1)
  for (const value of values) next[keyOf(value) + 1] = (next[keyOf(value) + 1] as number) + 1
  for (let key = 0; key < limit; key += 1) next[key + 1] = (next[key + 1] as number) + (next[key] as number)
  const sorted = new Int32Array(values.length)
  for (const value of values) {
    const key = keyOf(value)
    const slot = next[key] as number
    sorted[slot] = value
    next[key] = slot + 1
  }
  return sorted
}

/** Order by code points: UTF-16 order but for characters beyond the basic plane, which come last. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at += 1) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left === right) continue
    const difference = Number(left >= 0xd8_00 && left < 0xe0_00) - Number(right >= 0xd8_00 && right < 0xe0_00)
    return difference === 0 ? left - right : difference
  }
  return a.length - b.length
}
