import { RapportError } from '@rapport/core'

/** An argument that no caller should pass: names the argument and what is wrong with it. */
export const argumentError = (name: string, problem: string): RapportError =>
  new RapportError('RPT_DEEP_ARGUMENT_INVALID', `${name} ${problem}`)
