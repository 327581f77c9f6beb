import { RapportError } from '@rapport/core'

export type DatasetErrorCode =
  /** A name that cannot be one. */
  | 'RPT_DATASET_NAME'
  /** There is no such version, or it is being removed. */
  | 'RPT_DATASET_NOT_FOUND'
  /** What is stored does not fit its manifest. */
  | 'RPT_DATASET_CORRUPT'

/** What the data sets of the object store throw. None can be tried again. */
export class DatasetError extends RapportError {
  override readonly name = 'DatasetError'

  constructor(code: DatasetErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, options)
  }
}
