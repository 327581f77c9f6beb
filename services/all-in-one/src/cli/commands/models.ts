import { Option, type Command } from '@commander-js/extra-typings'
import type { AliasAnswer, Model, ModelList, ModelVersion } from '@rapport/contracts'
import { aliases } from '@rapport/contracts'
import { connect } from '../connection.ts'
import { print, printTable } from '../output.ts'

const modelPath = (name: string): string => `/v1/models/${encodeURIComponent(name)}`
const aliasOption = new Option('--alias <alias>', 'which alias').choices(aliases).default('champion' as const)

export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('Trained models: their versions, and which one serves.')
  models
    .command('list')
    .argument('[name]', 'a model; all of them when absent')
    .description('Lists versions with their quality, the serving one marked.')
    .action(async (name) => {
      const { client } = await connect()
      const names = name === undefined ? await modelNames(client) : [name]
      const listed = await Promise.all(
        names.map((each) => client.http.json<Model>({ method: 'GET', path: modelPath(each) })),
      )
      const rows = listed.flatMap((model) => model.versions.map((version) => toRow(model.name, version)))
      printTable(['model', 'version', 'aliases', 'algorithm', 'trained', 'rows', 'MiB', 'quality'], rows)
    })
  models
    .command('promote')
    .argument('<name>')
    .argument('<version>')
    .addOption(aliasOption)
    .description('Lets a version serve (or makes it the challenger or the shadow).')
    .action((name, version, { alias }) => move(`${modelPath(name)}/promote`, { version, alias }))
  models
    .command('rollback')
    .argument('<name>')
    .argument('[version]', 'the one that served before, when absent')
    .addOption(aliasOption)
    .description('Goes back to an older version.')
    .action((name, version, { alias }) =>
      move(`${modelPath(name)}/rollback`, { ...(version !== undefined && { version }), alias }),
    )
}

async function move(path: string, body: object): Promise<void> {
  const { client } = await connect()
  const answer = await client.http.json<AliasAnswer>({ method: 'POST', path, body })
  print(`${answer.alias} is now version ${answer.version} (revision ${answer.revision})`)
}

async function modelNames(client: Awaited<ReturnType<typeof connect>>['client']): Promise<readonly string[]> {
  const { models } = await client.http.json<ModelList>({ method: 'GET', path: '/v1/models' })
  return models.map(({ name }) => name)
}

function toRow(name: string, version: ModelVersion): (string | number)[] {
  const quality = Object.entries(version.metrics).flatMap(([split, metrics]) =>
    Object.entries(metrics)
      .filter(([metric]) => /^(recall|ndcg)@\d+$/.test(metric))
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
