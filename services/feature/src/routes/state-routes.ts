import { Readable } from 'node:stream'
import { ArchiveFlushSchema, RebuildParamsSchema, StateRebuildSchema, type StateRebuild } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import { flushArchive } from '@rapport/features'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import { notFound, type HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import { exportState } from '../application/export-state.ts'
import { readRebuild, requestRebuild } from '../application/rebuild-records.ts'
import { withoutWork } from '../domain/rebuild-work.ts'

export interface StateDependencies {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly clock: Clock
}

const config = { scope: 'ops:admin' } as const

export function addStateRoutes(app: HttpApp, dependencies: StateDependencies): void {
  addRebuildRoutes(app, dependencies)
  const { eventLog, onlineStore, clock } = dependencies
  app.get(
    '/v1/state/export',
    {
      config,
      schema: {
        operationId: 'exportState',
        summary: "All of the tenant's state, one line a field, in one order",
        response: { 200: { content: { 'application/x-ndjson': { schema: Type.String() } } } },
      },
    },
    (request, reply) => {
      const lines = Readable.from(exportState(onlineStore, request.principal.tenant))
      // The schema speaks of the text; what goes out is a stream of it.
      void reply.type('application/x-ndjson').send(lines as unknown as string)
    },
  )
  app.post(
    '/v1/state/archive/flush',
    {
      config,
      schema: {
        operationId: 'flushArchive',
        summary: 'Write everything accepted so far to the archive',
        response: { 200: ArchiveFlushSchema },
      },
    },
    async () => {
      const archivedThrough = new Date(clock.now()).toISOString()
      await flushArchive(eventLog)
      return { archivedThrough }
    },
  )
}

function addRebuildRoutes(app: HttpApp, dependencies: StateDependencies): void {
  app.post(
    '/v1/state/rebuild',
    {
      config,
      schema: {
        operationId: 'rebuildState',
        summary: "Make the tenant's state anew from the archive",
        description: 'A rebuild that is under way already is answered instead of a new one.',
        response: { 202: StateRebuildSchema },
      },
    },
    async (request, reply) => {
      reply.code(202)
      return withoutWork(await requestRebuild(dependencies, request.principal.tenant))
    },
  )
  app.get(
    '/v1/state/rebuild/:id',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'readRebuild',
        summary: 'How far a rebuild is',
        params: RebuildParamsSchema,
        response: { 200: StateRebuildSchema },
      },
    },
    (request) => readKnown(dependencies.objectStore, request.principal.tenant, request.params.id),
  )
}

async function readKnown(store: ObjectStore, tenant: string, id: string): Promise<StateRebuild> {
  const record = await readRebuild(store, { tenant, id })
  if (record === undefined) throw notFound('rebuild of this id')
  return withoutWork(record)
}
