import {
  AliasAnswerSchema,
  ModelListSchema,
  ModelManifestSchema,
  ModelNameSchema,
  ModelSchema,
  ModelVersionNameSchema,
  PromoteSchema,
  RollbackSchema,
  textModelTasks,
  type Alias,
  type AliasAnswer,
  type ModelAlias,
  type ModelManifest,
  type ModelVersion,
} from '@rapport/contracts'
import {
  AliasConflictError,
  ModelRefusedError,
  ModelStoreError,
  type AliasRef,
  type ModelStore,
} from '@rapport/model-store'
import { HttpError, notFound, type HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'

const config = { scope: 'models:admin' } as const
const ModelParamsSchema = Type.Object({ name: ModelNameSchema })
const VersionParamsSchema = Type.Object({ name: ModelNameSchema, version: ModelVersionNameSchema })

/** `/v1/models`: versions and aliases of the caller's tenant. */
export function addModelRoutes(app: HttpApp, models: ModelStore): void {
  addReadRoutes(app, models)
  app.post(
    '/v1/models/:name/promote',
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: 'promoteModel',
        summary: 'Point an alias at a version',
        description: `Every process that serves the model swaps to the version without failing a request. The challenger of a model of texts
answers the documents of its \`share\`, the same ones as long as it is the challenger; without one, nobody.`,
        params: ModelParamsSchema,
        body: PromoteSchema,
        response: { 200: AliasAnswerSchema },
      },
    },
    async (request) => {
      const { version, alias = 'champion', share } = request.body
      const ref = { tenant: request.principal.tenant, name: request.params.name, alias }
      if (share !== undefined) await checkShare(models, ref, version)
      return toAliasAnswer(alias, await asHttp(models.promote(ref, version, share === undefined ? {} : { share })))
    },
  )
  app.post(
    '/v1/models/:name/rollback',
    {
      config: { ...config, errors: [404, 409] },
      schema: {
        operationId: 'rollbackModel',
        summary: 'Point an alias back at an earlier version',
        description:
          'To `version`, or to the one that the alias named before. The revision grows, as with every change.',
        params: ModelParamsSchema,
        body: RollbackSchema,
        response: { 200: AliasAnswerSchema },
      },
    },
    async (request) => {
      const { version, alias = 'champion' } = request.body
      const ref = { tenant: request.principal.tenant, name: request.params.name, alias }
      return toAliasAnswer(alias, await asHttp(models.rollback(ref, version === undefined ? {} : { version })))
    },
  )
}

function addReadRoutes(app: HttpApp, models: ModelStore): void {
  app.get(
    '/v1/models',
    {
      config,
      schema: {
        operationId: 'listModels',
        summary: 'List the models of this tenant',
        response: { 200: ModelListSchema },
      },
    },
    async ({ principal: { tenant } }) => {
      const names = await models.listModels(tenant)
      const found = names.map(async (name) => ({
        name,
        aliases: toAliases(await models.listAliases({ tenant, name })),
      }))
      return { models: await Promise.all(found) }
    },
  )
  app.get(
    '/v1/models/:name',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'getModel',
        summary: 'A model: its aliases, and its versions with their quality, newest first',
        params: ModelParamsSchema,
        response: { 200: ModelSchema },
      },
    },
    async ({ principal, params: { name } }) => {
      const ref = { tenant: principal.tenant, name }
      const [aliases, manifests] = await Promise.all([models.listAliases(ref), models.listVersions(ref)])
      if (manifests.length === 0) throw notFound(`model "${name}"`)
      return { name, aliases: toAliases(aliases), versions: manifests.map((manifest) => toVersion(manifest, aliases)) }
    },
  )
  app.get(
    '/v1/models/:name/versions/:version',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'getModelVersion',
        summary: 'The manifest of a version',
        params: VersionParamsSchema,
        response: { 200: ModelManifestSchema },
      },
    },
    ({ principal, params }) => asHttp(models.readManifest({ tenant: principal.tenant, ...params })),
  )
}

/** @throws HttpError 409 where nothing would be answered by shares; what `asHttp` throws. */
async function checkShare(models: ModelStore, { alias, ...model }: AliasRef, version: string): Promise<void> {
  if (alias !== 'challenger') throw shareInvalid('belongs to the alias "challenger"')
  const { task } = await asHttp(models.readManifest({ ...model, version }))
  if (!textModelTasks.some((known) => known === task)) throw shareInvalid(`is of models of texts, not of a ${task}`)
}

const shareInvalid = (reason: string): HttpError =>
  new HttpError(409, 'RPT_MODEL_SHARE', `The share ${reason}.`, [{ field: 'share', reason }])

const toAliasAnswer = (alias: Alias, standing: ModelAlias): AliasAnswer => ({ alias, ...standing })

const toAliases = (aliases: ReadonlyMap<Alias, ModelAlias>): AliasAnswer[] =>
  [...aliases].map(([alias, standing]) => toAliasAnswer(alias, standing))

function toVersion(manifest: ModelManifest, aliases: ReadonlyMap<Alias, ModelAlias>): ModelVersion {
  const { version, task, algorithm, createdAt, metrics, data, files } = manifest
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const named = [...aliases].filter(([, standing]) => standing.version === version).map(([alias]) => alias)
  return { version, task, algorithm, createdAt, metrics, data, bytes, aliases: named }
}

/** What the model store refuses is the caller's to know; what it cannot do stays an error. */
async function asHttp<T>(outcome: Promise<T>): Promise<T> {
  try {
    return await outcome
  } catch (error) {
    if (error instanceof ModelRefusedError && error.reason === 'manifest missing') {
      throw new HttpError(404, 'RPT_HTTP_NOT_FOUND', 'There is no such version.', { cause: error })
    }
    if (error instanceof ModelRefusedError || error instanceof AliasConflictError) {
      throw new HttpError(409, error.code, error.message, { cause: error })
    }
    if (error instanceof ModelStoreError && error.code === 'RPT_MODEL_NO_ROLLBACK') {
      throw new HttpError(409, error.code, 'The alias has named no earlier version.', { cause: error })
    }
    throw error
  }
}
