import type { Command } from '@commander-js/extra-typings'
import type { TopicPlan } from '@rapport/messaging/kafkajs'
import { exitCodes } from '../exit-codes.ts'
import { wholeNumber } from '../arguments.ts'
import { explain } from '../explain.ts'
import { print } from '../output.ts'

interface Replication {
  readonly replication: number
  readonly minInsync: number
}

export function addTopicsCommand(program: Command): void {
  const topics = program
    .command('topics')
    .description('The topics of the platform on Kafka.')
    .addHelpText(
      'after',
      `
Where Kafka is and how to log in comes from RAPPORT_KAFKA_BROKERS and its neighbours, as for the services; the inboxes
from RAPPORT_INBOX_TENANTS. A topic that exists keeps its partitions and replicas: where they differ from what is wanted,
the difference is shown and left to you.

Example:
  RAPPORT_KAFKA_BROKERS=127.0.0.1:9092 rapport topics apply --replication 1 --min-insync 1`,
    )
  const describe = 'copies of each partition'
  const describeInsync = 'of these, how many must have a record before it is acknowledged'
  topics
    .command('apply')
    .option('--replication <n>', describe, wholeNumber(1, 100), 3)
    .option('--min-insync <n>', describeInsync, wholeNumber(1, 100), 2)
    .description('Makes the topics that are missing, and sets what differs.')
    .action((options) => run(options, 'apply'))
  topics
    .command('diff')
    .option('--replication <n>', describe, wholeNumber(1, 100), 3)
    .option('--min-insync <n>', describeInsync, wholeNumber(1, 100), 2)
    .description('Shows what apply would do.')
    .addHelpText(
      'after',
      `
Exit code 0 where nothing differs, 1 where something does, 2 where that cannot be said: Kafka is not set, cannot be
reached, or refuses to tell.`,
    )
    .action((options) => run(options, 'diff').catch(notCompared))
}

/** The Kafka client is loaded only here. */
async function run({ replication, minInsync }: Replication, what: 'apply' | 'diff'): Promise<void> {
  const kit = await import('@rapport/service-kit')
  const config = kit.readConfig(kit.EventLogSchema, process.env)
  if (config.RAPPORT_KAFKA_BROKERS === undefined) throw new Error('RAPPORT_KAFKA_BROKERS is not set')
  const { applyTopics, createTopicAdmin, planTopics } = await kit.loadKafkaDriver(config)
  await using admin = createTopicAdmin(await kit.kafkaClientOptions(config))
  const plan = await planTopics(admin, kit.topicsOf(config), { replication, minInsyncReplicas: minInsync })
  if (what === 'apply') await applyTopics(admin, plan)
  show(plan, what === 'apply' ? ['made', 'set'] : ['to make', 'to set'])
  const differs = what === 'diff' ? !plan.isEmpty : plan.refused.length > 0
  if (differs) process.exitCode = exitCodes.failed
}

function notCompared(error: unknown): void {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = exitCodes.notCompared
}

function show({ create, change, refused, isEmpty }: TopicPlan, [making, setting]: readonly [string, string]): void {
  for (const { name, partitions } of create) print(`${making}  ${name}  partitions: ${partitions}`)
  for (const { topic, setting: name, from, to } of change)
    print(`${setting}  ${topic}  ${name}  ${from ?? '-'} -> ${to}`)
  for (const { topic, reason } of refused) print(`left  ${topic}  ${reason}`)
  if (isEmpty) print('Nothing differs.')
}
