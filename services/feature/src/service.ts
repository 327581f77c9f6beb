import { createFeatureReader } from '@rapport/features'
import type { EventLog } from '@rapport/messaging'
import type { Service, ServiceDependencies } from '@rapport/service-kit'
import { archivedTopics, statePartitionOf, type StateCommand } from '@rapport/contracts'
import { ForgettingAnswers } from './application/answer-forgetting.ts'
import { Loop } from './application/loop.ts'
import { LostWrites } from './application/lost-writes.ts'
import { StateRebuilder } from './application/rebuild-state.ts'
import { sharedPause } from './application/shared-pause.ts'
import { ArchiveWriter } from './archive/archive-writer.ts'
import type { FeatureConfig } from './config.ts'
import { consumeForArchive } from './consumers/archive-consumer.ts'
import { consumeState } from './consumers/state-consumer.ts'
import { followStateCommands, readStateCommands } from './consumers/state-commands.ts'
import { BatchesInFlight } from './domain/batches-in-flight.ts'
import { ForgottenTenants } from './domain/forgotten-tenants.ts'
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

/** The consuming side: state commands first, so that open rebuilds and removed tenants are known before the first event is applied. */
async function startConsumers(
  config: FeatureConfig,
  dependencies: ServiceDependencies,
  metrics: FeatureMetrics,
): Promise<AsyncDisposable> {
  const { eventLog, objectStore, log } = dependencies
  await using stack = new AsyncDisposableStack()
  const onWritten = (bytes: number): void => metrics.archivedBytes.inc(bytes)
  const writer = new ArchiveWriter(objectStore, { limits: config.archive, log, onWritten })
  const inFlight = new BatchesInFlight()
  const forgotten = new ForgottenTenants()
  const rebuilder = new StateRebuilder({ ...dependencies, ...config, inFlight })
  const lostWrites = new LostWrites({ ...dependencies, ...config })
  const answers = new ForgettingAnswers({ eventLog, log, forgotten, inFlight })
  const state = { rebuilder, answers }
  // Beside the follower: other commands do not wait for the object store.
  const flushes = stack.use(new Loop({ log, step: () => flushArchive(eventLog, writer) }))
  const follower = await followStateCommands(eventLog, log, {
    onCommand: (command) => {
      if (command.type === 'flush-archive') flushes.wake()
      else takeUp(command, state)
    },
    onTaken: (key) => rebuilder.ended(key),
  })
  await stack.use(follower).caughtUp
  const archive = stack.use(await consumeForArchive(eventLog, writer, metrics))
  stack.defer(async () => {
    // While the partitions still belong to this consumer, or nothing could be committed.
    await archive.pause()
    await writer[Symbol.asyncDispose]()
  })
  const { isHeld } = rebuilder
  const onAssigned = async (partitions: readonly number[]): Promise<void> => {
    for (const command of await readStateCommands(eventLog)) takeUp(command, state)
    await rebuilder.assigned(partitions)
  }
  const live = stack.use(
    await consumeState({ ...dependencies, ...config, metrics, lostWrites, isHeld, forgotten, inFlight, onAssigned }),
  )
  stack.use(rebuilder)
  stack.use(answers)
  stack.use(lostWrites)
  const held = (): number[] | undefined => live.held()?.map(statePartitionOf)
  const consumption = { ...sharedPause(live), held }
  rebuilder.start(consumption)
  lostWrites.start({ ...consumption, seek: (places) => live.seek(places) })
  answers.start(() => held() ?? [])
  metrics.watchConsumers(eventLog)
  return stack.move()
}

interface StateWork {
  readonly rebuilder: StateRebuilder
  readonly answers: ForgettingAnswers
}

/** Everything that stands in the log at the call; asked again when it fails. */
async function flushArchive(eventLog: EventLog, writer: ArchiveWriter): Promise<undefined> {
  await writer.flushThrough((await Promise.all(archivedTopics.map((topic) => eventLog.extents(topic)))).flat())
}

/** Of what concerns batches; it may be told twice. */
function takeUp(command: StateCommand, { rebuilder, answers }: StateWork): void {
  if (command.type === 'forget-tenant') answers.take(command)
  else if (command.type === 'rebuild') rebuilder.request(command.tenant, command.id)
}
