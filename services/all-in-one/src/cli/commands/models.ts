import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings'
import type { AliasAnswer, ModelVersion } from '@rapport/contracts'
import { aliases } from '@rapport/contracts'
import { connect } from '../connection.ts'
import { print, printTable } from '../output.ts'

const aliasOption = new Option('--alias <alias>', 'which alias').choices(aliases).default('champion' as const)

export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('Trained models: their versions, and which one serves.')
  models
    .command('list')
    .argument('[name]', 'a model; all of them when absent')
    .description('Lists versions with their quality, the serving one marked.')
    .action(async (name) => {
      const { client } = await connect()
      const names = name === undefined ? (await client.models.list()).map((model) => model.name) : [name]
      const listed = await Promise.all(names.map((each) => client.models.get(each)))
      const rows = listed.flatMap((model) => model.versions.map((version) => toRow(model.name, version)))
      if (rows.length === 0) {
        process.stderr.write('There is no model yet; `rapport train recommender` makes one.\n')
        return
      }
      printTable(['model', 'version', 'aliases', 'algorithm', 'trained', 'rows', 'MiB', 'quality'], rows)
    })
  models
    .command('promote')
    .argument('<name>')
    .argument('<version>')
    .addOption(aliasOption)
    .option('--share <share>', 'of the challenger: how much it answers instead of the champion, from 0 to 1', toShare)
    .description('Lets a version serve (or makes it the challenger or the shadow).')
    .action(async (name, version, { alias, share }) => {
      const { client } = await connect()
      printMove(name, await client.models.promote(name, version, alias, share))
    })
  models
    .command('rollback')
    .argument('<name>')
    .argument('[version]', 'the one that served before, when absent')
    .addOption(aliasOption)
    .description('Goes back to an older version.')
    .action(async (name, version, { alias }) => {
      const { client } = await connect()
      printMove(name, await client.models.rollback(name, { alias, ...(version !== undefined && { version }) }))
    })
}

function toShare(text: string): number {
  const share = Number(text)
  if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new InvalidArgumentError('a number from 0 to 1.')
  return share
}

function printMove(name: string, { alias, version, revision, share }: AliasAnswer): void {
  const answers = share === undefined ? '' : `, answers ${(100 * share).toFixed(1)} %`
  print(`${alias} of ${name} is now version ${version} (revision ${revision}${answers})`)
}

function toRow(name: string, version: ModelVersion): (string | number)[] {
  const quality = Object.entries(version.metrics).flatMap(([split, metrics]) =>
    Object.entries(metrics)
      .filter(([metric]) => /^(?:(?:recall|ndcg)@\d+|accuracy|macroF1)$/.test(metric))
      .map(([metric, value]) => `${split} ${metric} ${value.toFixed(4)}`),
  )
  return [
    name,
    version.version,
    version.aliases.join(' '),
    version.algorithm,
    version.createdAt,
    version.data.rows,
    (version.bytes / 1024 ** 2).toFixed(1),
    quality.join(', '),
  ]
}
