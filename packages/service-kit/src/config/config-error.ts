import { RapportError } from '@rapport/core'

export interface ConfigProblem {
  readonly variable: string
  readonly reason: string
}

/** Every problem of the environment at once. No reason ever holds the value of a secret. */
export class ConfigError extends RapportError {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, reason }) => `  ${variable}: ${reason}`)
    super('RPT_CONFIG_INVALID', `The configuration is not valid:\n${lines.join('\n')}`)
    this.problems = problems
  }
}
