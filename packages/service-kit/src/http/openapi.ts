import swagger from '@fastify/swagger'
import { ErrorBodySchema } from '@rapport/contracts'
import type { FastifySchema, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import type { HttpApp } from '../service.ts'

export interface OpenApiOptions {
  readonly title: string
  readonly version: string
  readonly description?: string
}

/** The error answer as routes name it; the schema itself stands once in the document. */
export const ErrorRef = { $ref: 'Error#' }

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The API key.' },
  basic: { type: 'http', scheme: 'basic', description: 'The API key as user name; the password is not read.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The API key.' },
  writeKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Write-Key',
    description: 'The API key, as event clients send it.',
  },
} as const

/** Collects every route from here on and serves the OpenAPI 3.1 document as `/openapi.json`. */
export async function addOpenApi(app: HttpApp, { title, version, description }: OpenApiOptions): Promise<void> {
  app.addSchema(ErrorBodySchema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, ...(description === undefined ? {} : { description }) },
      servers: [{ url: '/' }],
      components: { securitySchemes },
    },
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) => (typeof $id === 'string' ? $id : `schema-${index}`),
    },
    transform: ({ schema, url, route }) => ({ schema: describe(schema, route), url }),
  })
  let document: Record<string, unknown> | undefined
  app.get(
    '/openapi.json',
    {
      schema: {
        tags: ['operations'],
        operationId: 'getOpenApi',
        summary: 'This document',
        response: { 200: Type.Record(Type.String(), Type.Unknown()) },
      },
      serializerCompiler: () => (data) => JSON.stringify(data),
    },
    () => (document ??= withPlainSchemas(app.swagger()) as Record<string, unknown>),
  )
}

/** `additionalProperties: {}` says the same as `true`, and readers of documents take it for "none". */
function withPlainSchemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainSchemas)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, child]): [string, unknown] => [
    name,
    name === 'additionalProperties' && isEmpty(child) ? true : withPlainSchemas(child),
  ])
  return Object.fromEntries(entries)
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

const reasons: Readonly<Record<number, string>> = {
  400: 'The request is not valid; `details` name fields and reasons.',
  401: 'No key, or one that is not known.',
  403: 'The key lacks the scope.',
  404: 'There is no such thing.',
  405: 'The path does not take this method.',
  409: 'The request does not fit what stands.',
  412: 'The precondition does not hold.',
  413: 'The body is too large.',
  415: 'The content type is not taken.',
  422: 'The request is well-formed and cannot be done.',
  429: 'The key has sent more than its rate allows; see `Retry-After`.',
  500: 'The request failed; the log says why under its request id.',
  503: 'Try again after `Retry-After`.',
}

function describe(schema: FastifySchema | undefined, route: RouteOptions): FastifySchema {
  const declared = (schema?.response ?? {}) as Record<string, object>
  const response: Record<string, object> = {}
  for (const [status, answer] of Object.entries(declared)) {
    response[status] = { description: reasons[Number(status)] ?? 'Success.', ...answer }
  }
  for (const status of errorStatuses(schema, route)) {
    response[status] ??= { description: reasons[status] ?? 'Refused.', ...ErrorRef }
  }
  const scope = route.config?.scope
  return {
    ...schema,
    ...(schema?.querystring === undefined ? {} : { querystring: withOptionalDefaults(schema.querystring) }),
    operationId: schema?.operationId ?? operationIdOf(route),
    ...(scope === undefined
      ? {}
      : {
          security: Object.keys(securitySchemes).map((name) => ({ [name]: scope === 'any' ? [] : [scope] })),
          description: [schema?.description, scope === 'any' ? 'Needs any key.' : `Needs the scope \`${scope}\`.`]
            .filter(Boolean)
            .join('\n\n'),
        }),
    response,
  }
}

/** A query parameter with a default is filled in before it is checked; so callers may leave it out. */
function withOptionalDefaults(query: unknown): unknown {
  const { properties = {}, required = [] } = query as {
    properties?: Record<string, { default?: unknown }>
    required?: readonly string[]
  }
  return { ...(query as object), required: required.filter((name) => properties[name]?.default === undefined) }
}

function errorStatuses(schema: FastifySchema | undefined, route: RouteOptions): readonly number[] {
  const own = route.config?.errors ?? []
  if (route.config?.scope === undefined) return [...own, 500]
  const takesBody = schema?.body !== undefined || ['POST', 'PUT', 'PATCH'].includes(String(route.method))
  return [400, 401, 403, ...(takesBody ? [413, 415] : []), 429, 500, 503, ...own]
}

/** `GET /v1/users/:id` becomes `getUsersById`. */
function operationIdOf({ method, url }: RouteOptions): string {
  const words = url.split('/').filter((part) => part !== '' && part !== 'v1')
  const named = words.map((word) => {
    const plain = word
      .replace(/^:/, '')
      .split(/[^A-Za-z0-9]+/)
      .map(capital)
      .join('')
    return word.startsWith(':') ? `By${plain}` : plain
  })
  return String(method).toLowerCase() + named.join('')
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)
