import { HttpError, type ErrorDetail } from '@rapport/service-kit'

/** 400: the data set cannot be taken as it is, and nothing of it was kept. */
export const datasetInvalid = (message: string, details?: readonly ErrorDetail[]): HttpError =>
  new HttpError(400, 'RPT_DATASET_INVALID', message, details)

/** 413: more rows or bytes than a data set may have. */
export const datasetTooLarge = (message: string): HttpError => new HttpError(413, 'RPT_DATASET_TOO_LARGE', message)
