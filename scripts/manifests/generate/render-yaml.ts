import { stringify } from 'yaml'

/** Documents of one file, as the formatter leaves them; the first line says where they come from. */
export const renderYaml = (from: string, documents: readonly object[]): string =>
  `# Written by \`npm run docs\` from ${from}.\n${documents
    .map((document) => stringify(document, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false }))
    .join('---\n')}`
