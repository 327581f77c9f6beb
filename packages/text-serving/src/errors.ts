import { HttpError, notFound, unavailable } from '@rapport/service-kit'

export const noModelCode = 'RPT_TEXT_NO_MODEL'
export const memoryCode = 'RPT_TEXT_MODEL_MEMORY'

/** 409: the tenant has no model of this name; `rapport train` makes one by this command. */
export const noModel = (model: string, command: string): HttpError =>
  new HttpError(
    409,
    noModelCode,
    `There is no model "${model}" that classifies texts yet. Train one: rapport train ${command} --data file.csv --text TEXT --label LABEL`,
  )

/** 409: a version that must not serve was asked for, or the champion and those before it are all such. */
export const modelRefused = (what: string, reason: string): HttpError =>
  new HttpError(409, 'RPT_TEXT_MODEL_REFUSED', `${what} cannot serve: ${reason}. Train again, or name another version.`)

export const noVersion = (model: string, version: string): HttpError =>
  notFound(`version "${version}" of the model "${model}"`)

/** 503: the memory for the model is not there now. */
export const modelTooLarge = (model: string, cause?: unknown): HttpError =>
  new HttpError(503, memoryCode, `The model "${model}" does not fit into the memory for models.`, {
    headers: { 'Retry-After': '1' },
    canRetry: true,
    cause,
  })

/** 503: the object store is not there now. */
export const modelUnavailable = (model: string, cause?: unknown): HttpError =>
  unavailable(`The model "${model}" cannot be loaded at the moment; send the same call again.`, { cause })

/** 413: more documents than a call may have. */
export const tooManyDocuments = (message: string): HttpError =>
  new HttpError(413, 'RPT_TEXT_TOO_MANY_DOCUMENTS', message)

/** 400: an inference request that the model cannot take. */
export const inferenceInvalid = (message: string): HttpError =>
  new HttpError(400, 'RPT_TEXT_INFERENCE_INVALID', message)

/** 400: an inference request whose tensors stand as bytes behind its JSON. */
export const binaryTensors = (): HttpError =>
  inferenceInvalid('The extension for binary tensors is not spoken here; send them as JSON (binary_data=False).')

/** 400: damaged gzip, or the sender went away. */
export const streamInvalid = (message: string): HttpError => new HttpError(400, 'RPT_TEXT_STREAM_INVALID', message)

/** 400: the model does not know the label that is to be explained. */
export const unknownLabel = (label: string, known: readonly string[]): HttpError =>
  new HttpError(400, 'RPT_TEXT_LABEL_UNKNOWN', `The model has no label ${JSON.stringify(label)}.`, [
    {
      field: 'explain.label',
      reason: `must be one of ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
    },
  ])
