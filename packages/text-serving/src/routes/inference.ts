import {
  InferenceErrorSchema,
  InferenceLiveSchema,
  InferenceModelReadySchema,
  InferenceModelSchema,
  InferenceReadySchema,
  InferenceRequestSchema,
  InferenceResponseSchema,
  InferenceServerSchema,
  ModelNameSchema,
  ModelVersionNameSchema,
  type InferenceError,
} from '@rapport/contracts'
import type { HttpApp, HttpError } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { TextContext } from '../application/context.ts'
import { findModel } from '../application/find-model.ts'
import { describeModel, inferTexts } from '../application/infer-texts.ts'
import { binaryTensors } from '../errors.ts'
import type { TextProfile } from '../text-profile.ts'
import { takeJsonBodies } from './json-bodies.ts'

const statuses = [400, 401, 403, 404, 409, 413, 415, 429, 500, 503]
const errors = Object.fromEntries(statuses.map((status) => [status, InferenceErrorSchema])) as Record<
  400,
  typeof InferenceErrorSchema
>
const params = Type.Object({ name: ModelNameSchema })
const versionParams = Type.Object({ name: ModelNameSchema, version: ModelVersionNameSchema })
const config = { scope: 'text', errors: [404, 409] } as const
const toBody = (error: InferenceError): string => JSON.stringify(error)
/** KServe's client reads an error only where the type has no parameter. */
const jsonType = 'application/json'

/** `…/v2`: the Open Inference Protocol, which answers errors in its own form. */
export function addInferenceRoutes(app: HttpApp, context: TextContext): void {
  const render = ({ message }: HttpError): string => toBody({ error: message })
  app.answerErrorsBelow(`${context.profile.prefix}/v2`, { contentType: jsonType, render })
  void app.register((scoped: HttpApp, _options: object, done: () => void) => {
    takeJsonBodies(scoped)
    speakJson(scoped)
    addServerRoutes(scoped, context.profile)
    addModelRoutes(scoped, context)
    addInferRoutes(scoped, context)
    done()
  })
}

/**
 * Requests and answers are `application/json`: Triton's client names no content type for its JSON. Requests whose tensors stand
 * as bytes behind the JSON are refused.
 */
function speakJson(app: HttpApp): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.headers['inference-header-content-length'] !== undefined) return done(binaryTensors())
    request.headers['content-type'] ??= jsonType
    done(null, payload)
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('content-type', jsonType)
    done()
  })
}

function addServerRoutes(app: HttpApp, { prefix, word, server }: TextProfile): void {
  const open = { scope: 'any' } as const
  app.get(
    `${prefix}/v2`,
    {
      config: open,
      schema: {
        operationId: `get${word}InferenceServer`,
        summary: 'Open Inference Protocol: the server',
        response: { 200: InferenceServerSchema, ...errors },
      },
    },
    () => ({ ...server, extensions: [] }),
  )
  app.get(
    `${prefix}/v2/health/live`,
    {
      config: open,
      schema: {
        operationId: `get${word}InferenceLiveness`,
        summary: 'Open Inference Protocol: the server runs',
        response: { 200: InferenceLiveSchema, ...errors },
      },
    },
    () => ({ live: true }),
  )
  app.get(
    `${prefix}/v2/health/ready`,
    {
      config: open,
      schema: {
        operationId: `get${word}InferenceReadiness`,
        summary: 'Open Inference Protocol: the server takes requests',
        response: { 200: InferenceReadySchema, ...errors },
      },
    },
    () => ({ live: true, ready: true }),
  )
}

function addModelRoutes(app: HttpApp, context: TextContext): void {
  const { prefix, word } = context.profile
  const model = {
    summary: 'Open Inference Protocol: a model’s tensors',
    response: { 200: InferenceModelSchema, ...errors },
  }
  const ready = {
    summary: 'Open Inference Protocol: a model can answer',
    description: 'Loads it where it is not in memory. An error says why it cannot.',
    response: { 200: InferenceModelReadySchema, ...errors },
  }
  const isReady = async (tenant: string, { name, version }: { name: string; version?: string }) => {
    using _lease = await findModel(context, { tenant, model: name, version })
    return { name, ready: true }
  }
  const url = `${prefix}/v2/models/:name`
  app.get(url, { config, schema: { ...model, operationId: `get${word}InferenceModel`, params } }, (request) =>
    describeModel(context, { tenant: request.principal.tenant, model: request.params.name }),
  )
  app.get(
    `${url}/versions/:version`,
    { config, schema: { ...model, operationId: `get${word}InferenceModelVersion`, params: versionParams } },
    ({ principal: { tenant }, params: { name, version } }) => describeModel(context, { tenant, model: name, version }),
  )
  app.get(
    `${url}/ready`,
    { config, schema: { ...ready, operationId: `get${word}InferenceModelReadiness`, params } },
    (request) => isReady(request.principal.tenant, request.params),
  )
  app.get(
    `${url}/versions/:version/ready`,
    { config, schema: { ...ready, operationId: `get${word}InferenceModelVersionReadiness`, params: versionParams } },
    (request) => isReady(request.principal.tenant, request.params),
  )
}

function addInferRoutes(app: HttpApp, context: TextContext): void {
  const { prefix, word, defaultModel } = context.profile
  const name = Type.String({ ...ModelNameSchema, examples: [defaultModel] })
  const infer = {
    summary: 'Open Inference Protocol: label texts',
    description: `The input is \`text\`, BYTES of shape [n]. The outputs are \`label\`, BYTES [n], \`probabilities\`, FP32 [n, classes],
whose columns are in the order of \`labels\`, BYTES [classes]. Tensors are JSON: a request with the header
\`Inference-Header-Content-Length\`, of the extension for binary tensors, is refused with 400.`,
    body: InferenceRequestSchema,
    response: { 200: InferenceResponseSchema, ...errors },
  }
  const url = `${prefix}/v2/models/:name`
  app.post(
    `${url}/infer`,
    { config, schema: { ...infer, operationId: `infer${word}s`, params: Type.Object({ name }) } },
    (request) => inferTexts(context, { tenant: request.principal.tenant, model: request.params.name }, request.body),
  )
  app.post(
    `${url}/versions/:version/infer`,
    { config, schema: { ...infer, operationId: `infer${word}sByVersion`, params: versionParams } },
    ({ principal: { tenant }, params: { name, version }, body }) =>
      inferTexts(context, { tenant, model: name, version }, body),
  )
}
