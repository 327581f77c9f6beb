import {
  UnlinkRequestSchema,
  UnlinkResponseSchema,
  UserParamsSchema,
  UserProfileSchema,
  UserQuerySchema,
  type UserProfile,
} from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { VisitorRef } from '@rapport/features'
import type { EventLog } from '@rapport/messaging'
import type { OnlineStore } from '@rapport/online-store'
import { notFound, type HttpApp } from '@rapport/service-kit'
import { readProfile } from '../application/read-profile.ts'
import { unlinkIdentity } from '../application/unlink-identity.ts'

export interface UsersDependencies {
  readonly onlineStore: OnlineStore
  readonly eventLog: EventLog
  readonly clock: Clock
}

export function addUsersRoutes(app: HttpApp, dependencies: UsersDependencies): void {
  const { onlineStore, clock } = dependencies
  app.get(
    '/v1/users/:id',
    {
      config: { scope: 'features:read', errors: [404] },
      schema: {
        operationId: 'readUser',
        summary: 'Profile and recent behaviour over all linked ids',
        params: UserParamsSchema,
        querystring: UserQuerySchema,
        response: { 200: UserProfileSchema },
      },
    },
    (request) => {
      const { kind = 'user', asOf } = request.query
      const { id } = request.params
      const { tenant } = request.principal
      const visitor = kind === 'user' ? { tenant, userId: id } : { tenant, anonymousId: id }
      return readKnown(onlineStore, visitor, asOf === undefined ? clock.now() : Date.parse(asOf))
    },
  )
  app.post(
    '/v1/users/:id/unlink',
    {
      config: { scope: 'events:write' },
      schema: {
        operationId: 'unlinkUser',
        summary: 'Undo the link of a user and an anonymous id',
        description:
          'Publishes a `track` event `Identity Unlinked`, which any client may send by itself. A later event with both ids links them again.',
        params: UserParamsSchema,
        body: UnlinkRequestSchema,
        response: { 202: UnlinkResponseSchema },
      },
    },
    (request, reply) => {
      const { tenant, keyId } = request.principal
      const { anonymousId } = request.body
      reply.code(202)
      return unlinkIdentity(dependencies, { tenant, source: keyId, userId: request.params.id, anonymousId })
    },
  )
}

async function readKnown(onlineStore: OnlineStore, visitor: VisitorRef, asOfMs: number): Promise<UserProfile> {
  const profile = await readProfile(onlineStore, visitor, asOfMs)
  if (profile === undefined) throw notFound(visitor.userId === undefined ? 'anonymous id like this' : 'user of this id')
  return profile
}
