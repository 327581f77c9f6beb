import { RapportError } from '@rapport/core'

/** An object that should be the record of a rebuild is something else. */
export class RebuildRecordError extends RapportError {
  override readonly name = 'RebuildRecordError'
  constructor(key: string) {
    super('RPT_STATE_REBUILD_RECORD', `${key} is not the record of a rebuild`)
  }
}
