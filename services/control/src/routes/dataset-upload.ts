import { Readable } from 'node:stream'
import {
  DatasetParamsSchema,
  DatasetUploadQuerySchema,
  DatasetVersionSchema,
  type DatasetColumns,
  type DatasetFormat,
  type DatasetUploadQuery,
} from '@rapport/contracts'
import { HttpError, inflateStream, undeclaredBody, type HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import { toDatasetVersion } from '../application/datasets/read-datasets.ts'
import { uploadDataset, type UploadDependencies } from '../application/datasets/upload-dataset.ts'
import { datasetInvalid, datasetTooLarge } from '../errors.ts'

export interface DatasetUploadOptions extends UploadDependencies {
  /** Of a body, after gunzip. */
  readonly maxBytes: number
}

const formats: Readonly<Record<string, DatasetFormat>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
}

const schema = {
  operationId: 'uploadDataset',
  summary: 'Upload labelled texts as a new version of a data set',
  description: `CSV with a header line, or JSON objects one a line, in UTF-8, plain or gzipped, streamed: it may be larger than memory. Rows
that are wrong are left out and named in the report, with the reason; duplicates and conflicting labels are kept and reported. 400: no
UTF-8, a header without the columns (the answer lists those that it has), or no good row. Whenever the answer is not 201, nothing is kept.
Sending the same again makes another version.`,
  params: DatasetParamsSchema,
  querystring: DatasetUploadQuerySchema,
  body: {
    content: {
      'text/csv': { schema: Type.String({ examples: ['text,label\n"fine, really",good\n'] }) },
      'application/x-ndjson': { schema: Type.String() },
    },
  },
  response: { 201: DatasetVersionSchema },
}

/** `POST /v1/datasets/{name}`. The app takes every body as a stream from here on. */
export function addDatasetUploadRoute(app: HttpApp, options: DatasetUploadOptions): void {
  const refusals = { limitBytes: options.maxBytes, invalid: datasetInvalid, tooLarge: datasetTooLarge }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post(
    '/v1/datasets/:name',
    { ...undeclaredBody, config: { scope: 'train', errors: [409] }, schema },
    async (request, reply) => {
      const { name } = request.params
      const upload = {
        tenant: request.principal.tenant,
        name,
        format: formatOf(request.headers['content-type']),
        columns: columnsOf(request.query),
        multiLabel: request.query.multiLabel,
      }
      const body: unknown = request.body
      const stream = body instanceof Readable ? body : Readable.from([])
      const manifest = await uploadDataset(options, upload, inflateStream(stream, refusals))
      return reply
        .code(201)
        .header('Location', `/v1/datasets/${name}/versions/${manifest.version}`)
        .send(toDatasetVersion(manifest))
    },
  )
}

function formatOf(contentType: string | undefined): DatasetFormat {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const format = formats[type.trim()]
  if (format === undefined) {
    throw unsupported('A data set is sent as text/csv or application/x-ndjson, and Content-Type says which.')
  }
  const charset = parameters.map((each) => /^\s*charset\s*=\s*"?([^"\s]*)/.exec(each)?.[1]).find(Boolean)
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset)) {
    throw unsupported(`A data set is sent in UTF-8, not in ${charset}.`)
  }
  return format
}

const unsupported = (message: string): HttpError => new HttpError(415, 'RPT_HTTP_UNSUPPORTED_MEDIA_TYPE', message)

function columnsOf({ text, label, id, language }: DatasetUploadQuery): DatasetColumns {
  const columns = { text, ...(label !== '' && { label }), ...(id && { id }), ...(language && { language }) }
  for (const [role, name] of Object.entries(columns)) {
    if (role === 'text' || name !== text) continue
    const reason = 'names the column of the text'
    throw datasetInvalid(`The ${role} cannot stand in the column of the text.`, [{ field: `query.${role}`, reason }])
  }
  return columns
}
