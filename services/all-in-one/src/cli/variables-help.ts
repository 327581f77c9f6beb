import { describeVariables } from '@rapport/service-kit'
import type { TObject } from 'typebox'

/** The variables of a configuration, for `--help`: name, meaning, values, default. */
export function variablesHelp(schema: TObject): string {
  const variables = describeVariables(schema)
  const width = Math.max(...variables.map(({ name }) => name.length))
  return variables
    .map((variable) => {
      const standing = variable.default === undefined ? '' : `; default ${JSON.stringify(variable.default)}`
      const meaning = `${variable.description} (${variable.type}${variable.required ? '; required' : standing})`
      return `  ${variable.name.padEnd(width)}  ${meaning.trim()}`
    })
    .join('\n')
}
