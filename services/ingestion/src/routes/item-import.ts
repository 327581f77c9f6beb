import { ingestionLimits, ItemImportAnswerSchema, ItemRowsSchema } from '@rapport/contracts'
import { ErrorRef, inflateStream, type HttpApp } from '@rapport/service-kit'
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { ImportItems } from '../application/import-items.ts'
import { invalid, tooLarge } from '../errors.ts'
import { undeclaredBody } from './raw-body.ts'

const schema = {
  summary: 'Write many items',
  description: `A JSON array, or JSON objects one a line, plain or gzipped, streamed: it may be larger than memory. Every row is an
item's body with its \`id\` and is written whole, as by PUT. Refused rows are named by the line they start on; after a 409, 413 or 503
the rows before it are written, and sending all of them again is safe.`,
  body: {
    content: {
      'application/json': { schema: ItemRowsSchema },
      'application/x-ndjson': { schema: Type.String() },
    },
  },
  response: { 200: ItemImportAnswerSchema, 409: ErrorRef },
}

const refusals = { limitBytes: ingestionLimits.importBytes, invalid, tooLarge }

/** `POST /v1/items`. */
export function addItemImportRoute(app: HttpApp, importItems: ImportItems): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post('/v1/items', { ...undeclaredBody, config: { scope: 'catalog:write' }, schema }, (request) => {
    const body: unknown = request.body
    const stream = body instanceof Readable ? body : Readable.from([])
    return importItems(request.principal.tenant, inflateStream(stream, refusals))
  })
}
