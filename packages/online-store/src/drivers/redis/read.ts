import type { EntityRead, EntityState, PartValue } from '../../online-store.ts'
import type { CommandRunner, StoreCommand } from './command-runner.ts'
import { decodePart, decodeTallies } from './decode-part.ts'
import { isTally, PART_FIELD_PREFIX, partField, SEQUENCE_FIELD, stateKey, talliesKey } from './layout.ts'

/** Requests under way at once, so that the last of them is answered well within its time-out. */
const MAX_REQUESTS_OF_WINDOW = 1000

/** In capitals: the client makes objects of the answers to `hgetall`. */
const WHOLE_HASH = 'HGETALL'

interface Plan {
  readonly stateParts: readonly string[] | 'all'
  readonly talliesWanted: boolean
  readonly commands: readonly StoreCommand[]
}

/**
 * The sequence is read before the tallies, so that what is told of a sequence is at least what it stands for.
 */
function planOf({ entity, parts }: EntityRead): Plan {
  const stateParts = parts === 'all' ? parts : parts.filter((part) => !isTally(part))
  const talliesWanted = parts === 'all' || stateParts.length < parts.length
  const state: StoreCommand =
    stateParts === 'all'
      ? { run: WHOLE_HASH, keys: [stateKey(entity)], asBytes: true }
      : { run: 'hmget', keys: [stateKey(entity)], args: [SEQUENCE_FIELD, ...stateParts.map(partField)], asBytes: true }
  const tallies: StoreCommand = { run: WHOLE_HASH, keys: [talliesKey(entity)], asBytes: true }
  return { stateParts, talliesWanted, commands: talliesWanted ? [state, tallies] : [state] }
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

function decodeState({ parts: asked }: EntityRead, plan: Plan, replies: readonly unknown[]): EntityState {
  const parts = new Map<string, PartValue>()
  const state = replies[0] as Bytes
  const sequence = plan.stateParts === 'all' ? decodeWhole(state, parts) : decodeSome(state, plan.stateParts, parts)
  if (plan.talliesWanted)
    for (const [part, fields] of decodeTallies(replies[1] as Buffer[]))
      if (asked === 'all' || asked.includes(part)) parts.set(part, { op: 'tally', fields })
  return { sequence, parts }
}

/** States in the order of the requests; one pipeline to each server for up to a thousand of them. */
export async function readAll(runner: CommandRunner, requests: readonly EntityRead[]): Promise<EntityState[]> {
  const states: EntityState[] = []
  for (let start = 0; start < requests.length; start += MAX_REQUESTS_OF_WINDOW) {
    const window = requests.slice(start, start + MAX_REQUESTS_OF_WINDOW)
    const plans = window.map(planOf)
    const replies = await runner.run(
      'read state',
      plans.flatMap(({ commands }) => commands),
    )
    let at = 0
    for (const [index, request] of window.entries()) {
      const plan = plans[index]
      if (plan === undefined) continue
      states.push(decodeState(request, plan, replies.slice(at, at + plan.commands.length)))
      at += plan.commands.length
    }
  }
  return states
}
