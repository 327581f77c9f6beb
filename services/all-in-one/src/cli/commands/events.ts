import type { Command } from '@commander-js/extra-typings'
import { wholeNumber } from '../arguments.ts'
import { connect, interruptible, pause } from '../connection.ts'
import { exitCodes } from '../exit-codes.ts'
import { print } from '../output.ts'

/** Between two looks at the log's end. */
const tailEveryMs = 500

export function addEventsCommand(program: Command): void {
  const events = program.command('events').description('Accepted events, and those that could not be processed.')
  events
    .command('tail')
    .description('Shows the newest events as JSON lines.')
    .option('--follow', 'go on with what comes, until Ctrl-C', false)
    .option('--limit <count>', 'how many of the newest at first', wholeNumber(1, 1000), 10)
    .action(async ({ follow, limit }) => {
      const { client } = await connect()
      const signal = interruptible()
      let answer = await client.tailEvents({ limit }, { signal })
      for (;;) {
        for (const { event } of answer.events) print(JSON.stringify(event))
        if (!follow) return
        if (answer.events.length === 0) await pause(tailEveryMs, signal)
        answer = await client.tailEvents({ cursor: answer.cursor }, { signal })
      }
    })
  events
    .command('replay')
    .description('Sends dead letters through the topics they came from again, after the cause was mended.')
    .option('--dead-letters', 'what is replayed; there is nothing else, so it may be left out')
    .addHelpText('after', '\nWhat cannot be sent again is named with the reason, and the exit code is 1 then.')
    .option('--code <code>', 'only those with this code, for instance RPT_CONSUMER_UNKNOWN')
    .action(async ({ code }) => {
      const { client } = await connect()
      const { replayed, refusedCount, refused } = await client.deadLetters.replay(code === undefined ? {} : { code })
      print(`${replayed} records replayed`)
      if (refusedCount === 0) return
      print(`${refusedCount} records refused`)
      for (const { source, code: why, reason } of refused) {
        print(`${source.topic}/${source.partition}/${source.offset}  ${why}  ${reason}`)
      }
      process.exitCode = exitCodes.failed
    })
}
