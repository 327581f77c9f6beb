import type { EntityRead, EntityRef, EntityState, PartValue } from '../../online-store.ts'
import { SharedArguments } from './batch-command.ts'
import type { CommandRunner, StoreCommand } from './command-runner.ts'
import { decodePart, decodeTallies } from './decode-part.ts'
import { isTally, PART_FIELD_PREFIX, partField, SEQUENCE_FIELD, stateKey, talliesKey } from './layout.ts'

/** Requests under way at once, so that the last of them is answered well within its time-out. */
const MAX_REQUESTS_OF_WINDOW = 1000

/** In capitals: the client makes objects of the answers to `hgetall`. */
const WHOLE_HASH = 'HGETALL'

/** What is read of an entity; entities of which the same is asked share one. */
interface Plan {
  readonly stateParts: readonly string[] | 'all'
  /** Of the parts that are named. */
  readonly stateFields: SharedArguments
  readonly talliesWanted: boolean
}

function planOf(parts: EntityRead['parts']): Plan {
  const stateParts = parts === 'all' ? parts : parts.filter((part) => !isTally(part))
  const stateFields = new SharedArguments([SEQUENCE_FIELD, ...(stateParts === 'all' ? [] : stateParts.map(partField))])
  return { stateParts, stateFields, talliesWanted: parts === 'all' || stateParts.length < parts.length }
}

/** The plan of each request. */
function plansOf(requests: readonly EntityRead[]): readonly Plan[] {
  const known = new Map<EntityRead['parts'], Plan>()
  return requests.map(({ parts }) => {
    let plan = known.get(parts)
    if (plan === undefined) known.set(parts, (plan = planOf(parts)))
    return plan
  })
}

/**
 * The sequence is read before the tallies, so that what is told of a sequence is at least what it stands for.
 */
function commandsOf(entity: EntityRef, { stateParts, stateFields, talliesWanted }: Plan): readonly StoreCommand[] {
  const keys = [stateKey(entity)] as const
  const state: StoreCommand =
    stateParts === 'all'
      ? { run: WHOLE_HASH, keys, asBytes: true }
      : { run: 'hmget', keys, shared: stateFields, asBytes: true }
  return talliesWanted ? [state, { run: WHOLE_HASH, keys: [talliesKey(entity)], asBytes: true }] : [state]
}

type Bytes = readonly (Buffer | null)[]

function decodeWhole(reply: Bytes, parts: Map<string, PartValue>): number {
  let sequence = 0
  for (let index = 0; index + 1 < reply.length; index += 2) {
    const field = reply[index]?.toString('utf8') ?? ''
    const value = reply[index + 1]
    if (value === null || value === undefined) continue
    if (field === SEQUENCE_FIELD) sequence = Number(value.toString('latin1'))
    else if (field.startsWith(PART_FIELD_PREFIX)) {
      const part = field.slice(PART_FIELD_PREFIX.length)
      parts.set(part, decodePart(part, value))
    }
  }
  return sequence
}

function decodeSome(reply: Bytes, wanted: readonly string[], parts: Map<string, PartValue>): number {
  for (const [index, part] of wanted.entries()) {
    const value = reply[index + 1]
    if (value !== null && value !== undefined) parts.set(part, decodePart(part, value))
  }
  return Number(reply[0]?.toString('latin1') ?? 0)
}

/** Takes as many replies as the entity has commands. */
function decodeState({ parts: asked }: EntityRead, plan: Plan, replies: Iterator<unknown>): EntityState {
  const parts = new Map<string, PartValue>()
  const state = replies.next().value as Bytes
  const sequence = plan.stateParts === 'all' ? decodeWhole(state, parts) : decodeSome(state, plan.stateParts, parts)
  if (plan.talliesWanted)
    for (const [part, fields] of decodeTallies(replies.next().value as Buffer[]))
      if (asked === 'all' || asked.includes(part)) parts.set(part, { op: 'tally', fields })
  return { sequence, parts }
}

/** States in the order of the requests; one batch to each server for up to a thousand of them. */
export async function readAll(runner: CommandRunner, requests: readonly EntityRead[]): Promise<EntityState[]> {
  const states: EntityState[] = []
  for (let start = 0; start < requests.length; start += MAX_REQUESTS_OF_WINDOW) {
    const window = requests.slice(start, start + MAX_REQUESTS_OF_WINDOW)
    const plans = plansOf(window)
    const commands = window.flatMap(({ entity }, index) => commandsOf(entity, plans[index] as Plan))
    const replies = (await runner.run('read state', commands)).values()
    for (const [index, request] of window.entries()) states.push(decodeState(request, plans[index] as Plan, replies))
  }
  return states
}
