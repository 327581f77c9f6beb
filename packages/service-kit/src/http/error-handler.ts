import { RapportError } from '@rapport/core'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { jsonContentType, renderError } from './error-body.ts'
import { HttpError, unavailable, type ErrorDetail } from './http-error.ts'
import { pathOf } from './path-of.ts'
import { RequestInvalidError } from './validation.ts'

const codeByStatus: Readonly<Record<number, string>> = {
  400: 'RPT_HTTP_MALFORMED',
  404: 'RPT_HTTP_NOT_FOUND',
  405: 'RPT_HTTP_METHOD_NOT_ALLOWED',
  408: 'RPT_HTTP_TIMEOUT',
  413: 'RPT_HTTP_TOO_LARGE',
  414: 'RPT_HTTP_URI_TOO_LONG',
  415: 'RPT_HTTP_UNSUPPORTED_MEDIA_TYPE',
  431: 'RPT_HTTP_HEADERS_TOO_LARGE',
}

/** The code of an error that has only a status. */
export const codeOfStatus = (status: number): string => codeByStatus[status] ?? 'RPT_HTTP_REFUSED'

/** How errors are written. */
export interface ErrorForm {
  readonly contentType: string
  readonly render: (error: HttpError, requestId: string) => string
}

const ownForm: ErrorForm = { contentType: jsonContentType, render: renderError }

declare module 'fastify' {
  interface FastifyInstance {
    /** Every error of a path and of those below it has this form, whether a route takes the request or none does. */
    answerErrorsBelow(path: string, form: ErrorForm): void
  }
}

/**
 * Answers every error of the app in the one format, or in that of `answerErrorsBelow`. What the caller cannot act on is a
 * 500 that says nothing, logged with its cause.
 */
export class ErrorAnswers {
  readonly #forms = new Map<string, ErrorForm>()

  addForm(path: string, form: ErrorForm): void {
    this.#forms.set(path, form)
  }

  readonly answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    sendError(error, { request, reply, form: this.#formOf(request.routeOptions.url ?? pathOf(request)) })

  #formOf(path: string): ErrorForm {
    for (const [root, form] of this.#forms) if (path === root || path.startsWith(`${root}/`)) return form
    return ownForm
  }
}

interface Answering {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly form: ErrorForm
}

function sendError(error: unknown, { request, reply, form }: Answering): void {
  const answer = toHttpError(error)
  if (answer.statusCode >= 500) {
    request.log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request failed')
  }
  for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value)
  // A request that fails before routing has passed no hook.
  reply.header('x-request-id', request.id)
  // As bytes: no serializer is looked for, and the framework adds no charset to the type.
  const body = Buffer.from(form.render(answer, request.id))
  reply.code(answer.statusCode).header('content-type', form.contentType).send(body)
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof RequestInvalidError) {
    return new HttpError(400, 'RPT_HTTP_INVALID', `The request is not valid: ${error.message}.`, error.details)
  }
  if (error instanceof RapportError && error.canRetry) {
    return unavailable('A part of the platform does not answer at the moment; the same call may succeed later.', {
      cause: error,
    })
  }
  const refusal = refusalOfFramework(error)
  return (
    refusal ?? new HttpError(500, 'RPT_HTTP_INTERNAL', 'The request failed; the log says why under its request id.')
  )
}

function refusalOfFramework(error: unknown): HttpError | undefined {
  if (!(error instanceof Error)) return undefined
  const { statusCode, code } = error as Partial<FastifyError>
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined
  const details: ErrorDetail[] | undefined = statusCode === 400 ? [{ field: 'body', reason: error.message }] : undefined
  return new HttpError(statusCode, codeOfStatus(statusCode), error.message, {
    details: code?.startsWith('FST_ERR_CTP') ? details : undefined,
  })
}
