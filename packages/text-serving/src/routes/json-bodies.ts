import { isUtf8 } from 'node:buffer'
import { textLimits } from '@rapport/contracts'
import { HttpError, isGzip, type HttpApp } from '@rapport/service-kit'

export const ndjsonType = 'application/x-ndjson'
/** Other names under which it is sent. */
const ndjsonTypes = [ndjsonType, 'application/ndjson', 'application/jsonl']

/** 400: what is sent is no body of this API. */
export const malformed = (message: string): HttpError =>
  new HttpError(400, 'RPT_HTTP_MALFORMED', `The body ${message}.`, [{ field: 'body', reason: message }])

/** Makes the app take JSON in UTF-8 alone: the framework would silently replace bytes that are none. */
export function takeJsonBodies(app: HttpApp): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: textLimits.bodyBytes },
    (_request, body, done) => {
      try {
        done(null, parseJson(body as Buffer))
      } catch (error) {
        done(error as HttpError)
      }
    },
  )
}

/** Makes the app hand newline-delimited JSON over as a stream, however long it takes. */
export function takeNdjsonStreams(app: HttpApp): void {
  app.addContentTypeParser(ndjsonTypes, (request, payload, done) => {
    request.streamBody()
    done(null, payload)
  })
}

/** @throws HttpError 400. */
export function parseJson(body: Buffer): unknown {
  if (isGzip(body)) throw malformed('is compressed by gzip, which is not taken here')
  if (!isUtf8(body)) throw malformed('is not UTF-8')
  const text = body.toString('utf8')
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed('is not JSON')
    throw error
  }
}
