import { StateCommandSchema, topics, type StateCommand } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, Follower, LogRecord } from '@rapport/messaging'
import { Compile } from 'typebox/compile'

const schema = Compile(StateCommandSchema)

/** Follows `rapport.state-commands.v1`; commands that stood there already come again at every start. */
export function followStateCommands(
  eventLog: EventLog,
  log: Log,
  onCommand: (command: StateCommand) => void | Promise<void>,
): Promise<Follower> {
  return eventLog.follow(topics.stateCommands.name, async (records) => {
    for (const record of records) {
      const command = readCommand(record)
      if (command !== undefined) await onCommand(command)
      else if (record.value !== null) log.warn({ offset: record.offset, key: record.key }, 'no state command; left out')
    }
  })
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
