import { createFeatureReader } from '@rapport/features'
import { blame } from '@rapport/messaging'
import type { Service, ServiceDependencies } from '@rapport/service-kit'
import { archivedTopics, forgetCommandKey, topics, type StateCommand } from '@rapport/contracts'
import { StateRebuilder } from './application/rebuild-state.ts'
import { ArchiveWriter } from './archive/archive-writer.ts'
import type { FeatureConfig } from './config.ts'
import { consumeForArchive } from './consumers/archive-consumer.ts'
import { consumeEvents } from './consumers/event-consumer.ts'
import { followStateCommands } from './consumers/state-commands.ts'
import { ForgottenTenants, type ForgetCommand } from './domain/forgotten-tenants.ts'
import { createFeatureMetrics, type FeatureMetrics } from './metrics.ts'
import { addFeaturesRoutes } from './routes/features-routes.ts'
import { addStateRoutes } from './routes/state-routes.ts'
import { addUsersRoutes } from './routes/users-routes.ts'

/** Behaviour state of users and items, identity, the archive. Its consuming side is the only writer of behaviour state. */
export function createFeatureService(config: FeatureConfig, dependencies: ServiceDependencies): Promise<Service> {
  const { clock, onlineStore } = dependencies
  const metrics = createFeatureMetrics(dependencies.metrics, clock)
  const stack = new AsyncDisposableStack()
  return Promise.resolve({
    name: 'feature',
    routes(app) {
      addFeaturesRoutes(app, { reader: createFeatureReader(onlineStore), clock })
      addUsersRoutes(app, dependencies)
      addStateRoutes(app, dependencies)
    },
    startServing: () => Promise.resolve(),
    startConsuming: async () => {
      stack.use(await startConsumers(config, dependencies, metrics))
    },
    notReady: () => [],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  })
}

/** The consuming side: state commands first, so that rebuilds cut short and removed tenants are known before the first event is applied. */
async function startConsumers(
  config: FeatureConfig,
  dependencies: ServiceDependencies,
  metrics: FeatureMetrics,
): Promise<AsyncDisposable> {
  const { eventLog, objectStore, log } = dependencies
  await using stack = new AsyncDisposableStack()
  const onWritten = (bytes: number): void => metrics.archivedBytes.inc(bytes)
  const writer = new ArchiveWriter(objectStore, { limits: config.archive, log, onWritten })
  const rebuilder = new StateRebuilder({ ...dependencies, ...config })
  const forgotten = new ForgottenTenants()
  const commands = await followStateCommands(eventLog, log, (command) =>
    handle(command, dependencies, { writer, rebuilder, forgotten }),
  )
  const following = stack.use(commands)
  await following.caughtUp
  const archive = stack.use(await consumeForArchive(eventLog, writer))
  stack.defer(async () => {
    // While the partitions still belong to this consumer, or nothing could be committed.
    await archive.pause()
    await writer[Symbol.asyncDispose]()
  })
  const { isHeld } = rebuilder
  const live = stack.use(await consumeEvents({ ...dependencies, ...config, metrics, isHeld, forgotten }))
  stack.use(rebuilder)
  rebuilder.start(live)
  metrics.watchConsumers(eventLog)
  return stack.move()
}

async function handle(
  command: StateCommand,
  { eventLog, clock, log }: ServiceDependencies,
  { writer, rebuilder, forgotten }: { writer: ArchiveWriter; rebuilder: StateRebuilder; forgotten: ForgottenTenants },
): Promise<void> {
  try {
    if (command.type === 'forget-tenant') await forget(command, { eventLog, clock, forgotten })
    else if (command.type === 'rebuild') await rebuilder.request(command.tenant, command.id)
    else await writer.flushThrough((await Promise.all(archivedTopics.map((topic) => eventLog.extents(topic)))).flat())
  } catch (error) {
    // The follower comes again: a rebuild cut short that was forgotten would leave half a state behind.
    if (blame(error) === 'environment') throw error
    log.error({ err: error, command: command.type }, 'a state command failed')
  }
}

/** Whoever removes the tenant waits for the answer: from then on none of its old events is applied. */
async function forget(
  command: ForgetCommand,
  { eventLog, clock, forgotten }: Pick<ServiceDependencies, 'eventLog' | 'clock'> & { forgotten: ForgottenTenants },
): Promise<void> {
  await forgotten.take(command)
  if (command.takenAt !== undefined) return
  const taken: StateCommand = { ...command, takenAt: new Date(clock.now()).toISOString() }
  const value = Buffer.from(JSON.stringify(taken))
  await eventLog.publish([{ topic: topics.stateCommands.name, key: forgetCommandKey(command.tenant), value }])
}
