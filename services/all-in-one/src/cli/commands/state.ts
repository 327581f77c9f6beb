import { setTimeout } from 'node:timers/promises'
import type { Command } from '@commander-js/extra-typings'
import type { StateRebuild } from '@rapport/contracts'
import { connect, interruptible } from '../connection.ts'
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
      const signal = interruptible()
      const { id } = await client.http.json<{ id: string }>({ method: 'POST', path: '/v1/state/rebuild' })
      print(`rebuild ${id}`)
      const progress = startProgress('events')
      for (;;) {
        const job = await client.http.json<StateRebuild>({ method: 'GET', path: `/v1/state/rebuild/${id}`, signal })
        progress.update(job.eventsRead, job.state)
        if (job.state === 'done' || job.state === 'failed') {
          progress.stop()
          if (job.state === 'failed') throw new Error(`the rebuild failed: ${job.error ?? 'no reason was given'}`)
          print(`${job.eventsRead} events read, ${job.eventsApplied} applied`)
          return
        }
        await setTimeout(500, undefined, { signal })
      }
    })
  state
    .command('export')
    .description('Writes the tenant’s whole online state to standard output, a field a line, in a fixed order.')
    .action(async () => {
      const { client } = await connect()
      const response = await client.http.send({ method: 'GET', path: '/v1/state/export' })
      for await (const chunk of response.body ?? []) process.stdout.write(chunk)
    })
}
