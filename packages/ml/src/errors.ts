import { RapportError } from '@rapport/core'

/** An argument that no caller should pass: names the argument and what is wrong with it. */
export const argumentError = (name: string, problem: string): RapportError =>
  new RapportError('RPT_ML_ARGUMENT_INVALID', `${name} ${problem}`)

/** A model that somebody handed in is not what it should be: names the part and what is wrong with it. */
export const modelError = (part: string, problem: string): RapportError =>
  new RapportError('RPT_ML_MODEL_INVALID', `${part} ${problem}`)
