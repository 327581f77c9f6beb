import type { HttpApp } from '@rapport/service-kit'
import type { FastifyRequest } from 'fastify'
import { parseBody } from '../application/inflate-body.ts'

/** Makes the app's routes take bodies under content types that the framework refuses, because they are not media types. */
export function ignoreContentTypes(app: HttpApp): void {
  app.addHook('onRequest', (request, _reply, done) => {
    request.headers['content-type'] = 'application/json'
    done()
  })
}

/** Hands every body of the app's routes over as bytes: SDKs send JSON under many content types, gzipped without saying so. */
export function takeRawBodies(app: HttpApp): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** Declares a body for the API document alone: the handler reads it itself, event by event. */
export const undeclaredBody = { validatorCompiler: () => () => true }

const empty = Buffer.alloc(0)

export const rawBody = (request: FastifyRequest): Buffer => (Buffer.isBuffer(request.body) ? request.body : empty)

/** The body's JSON. @throws HttpError 400, 413. */
export const readJsonBody = (request: FastifyRequest, limitBytes: number): unknown =>
  parseBody(rawBody(request), limitBytes)
