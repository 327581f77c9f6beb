import {
  DatasetListSchema,
  DatasetParamsSchema,
  DatasetRowsQuerySchema,
  DatasetRowsSchema,
  DatasetSchema,
  DatasetVersionParamsSchema,
  DatasetVersionSchema,
} from '@rapport/contracts'
import { removeDataset, removeVersion } from '@rapport/datasets'
import type { ObjectStore } from '@rapport/object-store'
import { notFound, type HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import {
  listAll,
  readDataset,
  readPage,
  readVersion,
  toDatasetVersion,
  type ReadDependencies,
} from '../application/datasets/read-datasets.ts'

const config = { scope: 'train' } as const
const ndjson = 'application/x-ndjson'

/** `/v1/datasets` but for the upload: the data sets of the caller's tenant. */
export function addDatasetRoutes(app: HttpApp, dependencies: ReadDependencies): void {
  addReadRoutes(app, dependencies)
  addRowsRoute(app, dependencies)
  addRemoveRoutes(app, dependencies)
}

function addReadRoutes(app: HttpApp, dependencies: ReadDependencies): void {
  app.get(
    '/v1/datasets',
    {
      config,
      schema: {
        operationId: 'listDatasets',
        summary: 'List the data sets of this tenant, by name',
        response: { 200: DatasetListSchema },
      },
    },
    ({ principal }) => listAll(dependencies, principal.tenant),
  )
  app.get(
    '/v1/datasets/:name',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'getDataset',
        summary: 'The newest version of a data set, and the list of its versions, newest first',
        params: DatasetParamsSchema,
        response: { 200: DatasetSchema },
      },
    },
    ({ principal, params }) => readDataset(dependencies, { tenant: principal.tenant, ...params }),
  )
  app.get(
    '/v1/datasets/:name/versions/:version',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'getDatasetVersion',
        summary: 'A version of a data set: its classes, and what was found when it was uploaded',
        params: DatasetVersionParamsSchema,
        response: { 200: DatasetVersionSchema },
      },
    },
    async ({ principal, params }) =>
      toDatasetVersion(await readVersion(dependencies.objectStore, { tenant: principal.tenant, ...params })),
  )
}

function addRowsRoute(app: HttpApp, { objectStore }: ReadDependencies): void {
  app.get(
    '/v1/datasets/:name/versions/:version/rows',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'getDatasetRows',
        summary: 'A page of the rows of a version',
        description:
          'In the order in which they were sent. As JSON, or an object a line where `Accept` names `application/x-ndjson`; then ' +
          'the number of the last row is the `after` of the next page. A page of long texts may hold fewer rows than `limit`.',
        params: DatasetVersionParamsSchema,
        querystring: DatasetRowsQuerySchema,
        response: {
          200: {
            content: { 'application/json': { schema: DatasetRowsSchema }, [ndjson]: { schema: Type.String() } },
          },
        },
      },
    },
    async ({ principal, params, query, headers }, reply) => {
      const page = await readPage(objectStore, { tenant: principal.tenant, ...params }, query)
      if (headers.accept?.includes(ndjson) !== true) return page
      const lines = page.rows.map((row) => `${JSON.stringify(row)}\n`).join('')
      return reply.type(ndjson).send(lines)
    },
  )
}

function addRemoveRoutes(app: HttpApp, { objectStore }: { readonly objectStore: ObjectStore }): void {
  app.delete(
    '/v1/datasets/:name',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'removeDataset',
        summary: 'Remove a data set with all its versions',
        description: 'Models that were trained on it stay. An upload that is under way makes its version all the same.',
        params: DatasetParamsSchema,
        response: { 204: Type.Null() },
      },
    },
    async ({ principal, params: { name } }, reply) => {
      const removed = await removeDataset(objectStore, { tenant: principal.tenant, name })
      if (removed === 0) throw notFound(`data set "${name}"`)
      return reply.code(204).send(null)
    },
  )
  app.delete(
    '/v1/datasets/:name/versions/:version',
    {
      config: { ...config, errors: [404] },
      schema: {
        operationId: 'removeDatasetVersion',
        summary: 'Remove a version of a data set',
        description: 'When it was the newest, the one before is the newest again.',
        params: DatasetVersionParamsSchema,
        response: { 204: Type.Null() },
      },
    },
    async ({ principal, params }, reply) => {
      const isRemoved = await removeVersion(objectStore, { tenant: principal.tenant, ...params })
      if (!isRemoved) throw notFound(`version ${params.version} of the data set "${params.name}"`)
      return reply.code(204).send(null)
    },
  )
}
