import type { HttpApp } from '@rapport/service-kit'
import type { FastifyRequest } from 'fastify'
import { parseBody } from '../application/inflate-body.ts'

/** Hands every body of the app's routes over as bytes: SDKs send JSON under many content types, gzipped without saying so. */
export function takeRawBodies(app: HttpApp): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/** Declares a body for the API document alone: the handler reads it itself, event by event. */
export const undeclaredBody = { validatorCompiler: () => () => true }

const empty = Buffer.alloc(0)

/** The body's JSON. @throws HttpError 400, 413. */
export const readJsonBody = (request: FastifyRequest, limitBytes: number): unknown =>
  parseBody(Buffer.isBuffer(request.body) ? request.body : empty, limitBytes)
