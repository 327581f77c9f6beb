import { StateCommandSchema, topics, type StateCommand } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, Follower, LogRecord } from '@rapport/messaging'
import { Compile } from 'typebox/compile'

const schema = Compile(StateCommandSchema)
const topic = topics.stateCommands.name
const pageSize = 500

export interface StateCommandHandlers {
  readonly onCommand: (command: StateCommand) => void | Promise<void>
  /** The command of this key was taken away. */
  readonly onTaken: (key: string) => void
}

/** Follows `rapport.state-commands.v1`; commands that stood there already come again at every start. */
export function followStateCommands(
  eventLog: EventLog,
  log: Log,
  { onCommand, onTaken }: StateCommandHandlers,
): Promise<Follower> {
  return eventLog.follow(topic, async (records) => {
    for (const record of records) {
      const command = readCommand(record)
      if (command !== undefined) await onCommand(command)
      else if (record.value === null) onTaken(record.key)
      else log.warn({ offset: record.offset, key: record.key }, 'no state command; left out')
    }
  })
}

/**
 * The commands that stand at the call. A follower may be behind; whoever takes up a partition must know every command that
 * its last consumer has answered.
 */
export async function readStateCommands(eventLog: EventLog): Promise<StateCommand[]> {
  const commands = new Map<string, StateCommand | undefined>()
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topic)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic, partition, offset }, pageSize)
      for (const record of page) commands.set(record.key, readCommand(record))
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return [...commands.values()].filter((command) => command !== undefined)
}

function readCommand({ value }: LogRecord): StateCommand | undefined {
  if (value === null) return undefined
  try {
    const command: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    return schema.Check(command) ? command : undefined
  } catch {
    return undefined
  }
}
