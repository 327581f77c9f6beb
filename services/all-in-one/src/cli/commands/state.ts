import { pipeline } from 'node:stream/promises'
import type { Command } from '@commander-js/extra-typings'
import { connect, interruptible, pause } from '../connection.ts'
import { print, startProgress } from '../output.ts'

export function addStateCommand(program: Command): void {
  const state = program.command('state').description('The online state of users and items.')
  state
    .command('rebuild')
    .description('Makes the tenant’s online state anew from the archive, and waits for it.')
    .addHelpText(
      'after',
      '\nMeanwhile answers know less of what visitors did; events are accepted as ever and applied afterwards.\nCtrl-C stops the waiting, not the rebuild.',
    )
    .action(async () => {
      const { client } = await connect()
      const signal = interruptible('the rebuild goes on without being watched')
      const { id } = await client.state.rebuild()
      print(`rebuild ${id}`)
      const progress = startProgress('events')
      for (;;) {
        const job = await client.state.getRebuild(id)
        progress.update(job.eventsRead, job.state)
        if (job.state === 'done' || job.state === 'failed') {
          progress.stop()
          if (job.state === 'failed') throw new Error(`the rebuild failed: ${job.error ?? 'no reason was given'}`)
          print(`${job.eventsRead} events read, ${job.eventsApplied} applied`)
          return
        }
        await pause(500, signal)
      }
    })
  state
    .command('export')
    .description('Writes the tenant’s whole online state to standard output, a field a line, in a fixed order.')
    .action(async () => {
      const { client } = await connect()
      await pipeline(await client.state.export(), process.stdout, { end: false })
    })
}
