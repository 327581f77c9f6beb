import { basename } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import type { DatasetVersionName } from '@rapport/contracts'
import { datasetFormats } from '@rapport/contracts'
import type { DatasetUpload, RapportClient } from '@rapport/sdk'
import { print } from './output.ts'
import { uploadFile } from './upload-file.ts'

const longestName = 63

/** The options that say where texts come from. */
export const sourceOptions = {
  data: new Option('--data <file>', 'CSV with a header line, or NDJSON; becomes a version of a data set'),
  dataset: new Option('--dataset <name[@version]>', 'a data set that is there, in place of a file').conflicts('data'),
  format: new Option('--format <format>', 'default: what the name of the file says').choices(datasetFormats),
  name: new Option('--name <name>', 'of the data set (default: the name of the file)'),
} as const

export interface TextSource extends DatasetUpload {
  readonly file: string | undefined
  /** `name` or `name@version`, in place of a file. */
  readonly dataset: string | undefined
  /** Of the data set that the file becomes. */
  readonly name: string | undefined
}

/** The data set that the options name; a file becomes one. */
export async function takeTexts(
  client: RapportClient,
  { file, dataset, name, ...upload }: TextSource,
): Promise<Partial<DatasetVersionName> & Pick<DatasetVersionName, 'name'>> {
  if (file === undefined) {
    if (dataset === undefined) throw new Error('there are no texts: give --data or --dataset')
    const [named = '', version] = dataset.split('@')
    return { name: named, ...(version !== undefined && { version }) }
  }
  const given = name ?? nameOf(file)
  const { version, rows } = await uploadFile(client, file, { ...upload, name: given })
  print(`data set ${given} version ${version}: ${rows} rows`)
  return { name: given, version }
}

/** What of a file's name can be the name of a data set. */
function nameOf(file: string): string {
  const [stem = ''] = basename(file).toLowerCase().split('.')
  const name = stem
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longestName)
    .replaceAll(/^-+|-+$/g, '')
  if (name === '') throw new Error(`the name of ${file} cannot be that of a data set: give --name`)
  return name
}
