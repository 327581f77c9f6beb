import { RapportError } from '@rapport/core'

/** A loaded model does not do what its manifest says. */
export class ModelCheckError extends RapportError {
  override readonly name = 'ModelCheckError'

  constructor(message: string) {
    super('RPT_RECOMMENDATION_MODEL_CHECK', message)
  }
}
