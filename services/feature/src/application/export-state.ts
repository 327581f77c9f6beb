import type { Bucket, EntityRef, EntityState, OnlineStore, PartValue, Register } from '@rapport/online-store'

/** About how much text goes out at once. */
const chunkLength = 64 * 1024

/**
 * All state of a tenant as NDJSON in one order, one line a field: two exports of the same state are equal byte for byte,
 * and `diff` shows what differs field by field. Yields chunks of whole lines. What is applied meanwhile may be in it or not.
 */
export async function* exportState(store: OnlineStore, tenant: string): AsyncGenerator<string> {
  let chunk = ''
  for await (const { entity, state } of store.scan(tenant)) {
    for (const line of entityLines(entity, state)) {
      chunk += line
      if (chunk.length < chunkLength) continue
      yield chunk
      chunk = ''
    }
  }
  if (chunk !== '') yield chunk
}

function* entityLines({ kind, id }: EntityRef, state: EntityState): Generator<string> {
  const head = `{"kind":${JSON.stringify(kind)},"id":${JSON.stringify(id)}`
  // The clock gets one entry a batch, and how events fall into batches is no part of the state.
  if (kind !== 'tenant') yield `${head},"sequence":${state.sequence}}\n`
  for (const [part, value] of inOrder(state.parts)) {
    const partHead = `${head},"part":${JSON.stringify(part)}`
    for (const [field, text] of fieldLines(value)) yield `${partHead},"field":${JSON.stringify(field)},${text}}\n`
  }
}

function* fieldLines(value: PartValue): Generator<readonly [field: string, text: string]> {
  switch (value.op) {
    case 'count':
      yield ['total', `"amount":${value.total}`]
      yield* value.fiveMinutes.map((bucket) => bucketLine('fiveMinutes', bucket))
      yield* value.hours.map((bucket) => bucketLine('hours', bucket))
      return
    case 'tally':
      for (const [field, amount] of inOrder(value.fields)) yield [field, `"amount":${amount}`]
      return
    case 'newest':
      for (const member of value.members) yield [member.member, registerText(member)]
      return
    case 'latest':
    case 'earliest':
      for (const [field, register] of inOrder(value.fields)) yield [field, registerText(register)]
  }
}

const bucketLine = (unit: string, [startMs, amount]: Bucket): readonly [string, string] => [
  `${unit}/${new Date(startMs).toISOString()}`,
  `"amount":${amount}`,
]

const registerText = ({ atMs, messageId, value }: Register): string =>
  `"at":"${new Date(atMs).toISOString()}","messageId":${JSON.stringify(messageId)},"value":${JSON.stringify(value)}`

/** By code units of the name. */
function inOrder<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
}
