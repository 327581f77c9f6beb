import { type Command, Option } from '@commander-js/extra-typings'
import { datasetFormats, type DatasetVersion } from '@rapport/contracts'
import { connect, interruptible } from '../connection.ts'
import { print, printTable } from '../output.ts'
import { uploadFile } from '../upload-file.ts'

/** Classes that are shown; the others are counted. */
const listed = 20

export function addDatasetsCommand(program: Command): void {
  const datasets = program.command('datasets').description('Labelled texts to train on.')
  addUploadCommand(datasets)
  addReadCommands(datasets)
  datasets
    .command('remove')
    .argument('<name>')
    .argument('[version]', 'all of them, when absent')
    .description('Removes a data set, or one version of it. Models that were trained on it stay.')
    .action(async (name, version) => {
      const { client } = await connect()
      if (version === undefined) await client.datasets.remove(name)
      else await client.datasets.removeVersion(name, version)
      print(`${version === undefined ? name : `version ${version} of ${name}`} is removed`)
    })
}

function addUploadCommand(datasets: Command): void {
  datasets
    .command('upload')
    .argument('<file>', 'CSV with a header line, or NDJSON; plain or gzip-compressed, in UTF-8')
    .requiredOption('--name <name>', 'of the data set; one that is there gets a new version')
    .option('--text <column>', 'where the texts stand', 'text')
    .addOption(new Option('--label <column>', 'where the labels stand').default('label'))
    .addOption(new Option('--no-label', 'the texts have no labels'))
    .option('--id <column>', 'where ids stand')
    .option('--language <column>', 'where languages stand')
    .option('--multi-label', 'a label may be several, separated by |', false)
    .addOption(new Option('--format <format>', 'default: what the name of the file says').choices(datasetFormats))
    .description('Makes a new version of a data set from a file, and shows what was found in it.')
    .addHelpText(
      'after',
      `
Rows that do not fit are listed on standard error and left out; the others are kept. A file without one good row, or
without the columns, is refused.

Examples:
  rapport datasets upload reviews.csv --name reviews --text review --label stars
  rapport datasets upload tickets.ndjson.gz --name tickets --text body --label topics --multi-label`,
    )
    .action(async (file, { name, label, ...options }) => {
      const { client } = await connect()
      const signal = interruptible('nothing was kept')
      printVersion(await uploadFile(client, file, { ...options, name, label: label === false ? '' : label, signal }))
    })
}

function addReadCommands(datasets: Command): void {
  datasets
    .command('list')
    .description('Lists the data sets, with their newest versions.')
    .action(async () => {
      const { client } = await connect()
      const found = await client.datasets.list()
      if (found.length === 0) {
        process.stderr.write('There is no data set yet; `rapport datasets upload` makes one.\n')
        return
      }
      printTable(
        ['name', 'newest version', 'created', 'versions', 'rows', 'classes'],
        found.map(({ name, newest, versions, classes }) => [
          name,
          newest.version,
          newest.createdAt,
          versions,
          newest.rows,
          classes,
        ]),
      )
    })
  datasets
    .command('show')
    .argument('<name>')
    .argument('[version]', 'the newest, when absent')
    .description('Shows the classes of a version and what was found in it.')
    .action(async (name, version) => {
      const { client } = await connect()
      const found = await client.datasets.get(name)
      if (found === undefined) throw new Error(`there is no data set "${name}"`)
      printVersion(version === undefined ? found.newest : await client.datasets.version(name, version))
      if (found.versions.length > 1) print(`versions: ${found.versions.map((each) => each.version).join(', ')}`)
    })
}

function printVersion(made: DatasetVersion): void {
  const { name, version, rows, classes, report } = made
  print(`${name} version ${version}: ${rows} rows, ${report.rejectedCount} left out`)
  if (classes.length > 0)
    printTable(
      ['label', 'rows'],
      classes.slice(0, listed).map(({ label, rows }) => [label, rows]),
    )
  if (classes.length > listed) print(`and ${classes.length - listed} more labels`)
  const { duplicates, conflicts } = report
  if (duplicates.count > 0) print(`${duplicates.count} rows repeat the text of an earlier row`)
  if (conflicts.count === 0) return
  print(`${conflicts.count} of them with other labels, for instance:`)
  for (const { row, firstRow, labels, firstLabels = [] } of conflicts.samples.slice(0, 5)) {
    print(`  row ${firstRow} ${firstLabels.join('|')}, row ${row} ${labels.join('|')}`)
  }
}
