import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { ServiceName } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import type { FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'

/** A Fastify instance whose handlers are typed by the TypeBox schemas of their routes. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  Logger,
  TypeBoxTypeProvider
>

export interface ServiceDependencies {
  readonly log: Logger
  readonly clock: Clock
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
  readonly metrics: Registry
}

/**
 * One service, composed but not running. A process serves it (`routes`, `startServing`), consumes for it
 * (`startConsuming`), or both; the two halves share nothing but the stores.
 */
export interface Service extends AsyncDisposable {
  readonly name: ServiceName
  /** Registers every route of the service below `/v1`. Called once. */
  readonly routes: (app: HttpApp) => void | Promise<void>
  /** Starts what serving needs in the HTTP process (followers, caches, pollers). */
  startServing(): Promise<void>
  /** Starts consumers of the event log. */
  startConsuming(): Promise<void>
  /** Empty when it can serve; otherwise what it waits for. */
  notReady(): readonly string[]
}
