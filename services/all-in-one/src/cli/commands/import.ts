import { join } from 'node:path'
import { Argument, type Command, Option } from '@commander-js/extra-typings'
import { completejourney } from '../../import/completejourney.ts'
import { importFiles } from '../../import/import-files.ts'
import type { ImportFile } from '../../import/import-row.ts'
import { mapped } from '../../import/mapping.ts'
import { movielens } from '../../import/movielens.ts'
import { onlineRetail } from '../../import/online-retail.ts'
import { connect, dataDirOf, interruptible } from '../connection.ts'
import { exitCodes } from '../exit-codes.ts'
import { ImportConsole } from '../import-console.ts'

const sources = ['movielens', 'online-retail', 'completejourney', 'mapping'] as const
/** An import waits longer than a person would while the platform is busy or starts anew. */
const importRetries = 20

export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description('Sends events and items of a data set through the public API.')
    .addArgument(new Argument('<source>', 'what the path holds').choices(sources))
    .argument('<path>', 'a folder (movielens, completejourney), a file (online-retail), or a mapping file')
    .addOption(new Option('--data <file>', 'with "mapping": the data file, in place of the one that the mapping names'))
    .option('--again', 'import files that were imported before', false)
    .addHelpText('after', help)
    .action(async (source, path, options) => {
      const files = await openSource(source, path, options.data)
      const { client, url } = await connect(importRetries)
      const { tenant } = await client.tenants.self()
      const report = new ImportConsole()
      const complete = await importFiles(files, {
        client,
        target: `${url} ${tenant}`,
        ledgerFolder: join(dataDirOf(process.env), 'imports'),
        again: options.again,
        report,
        signal: interruptible('the same command goes on where this one was'),
      }).finally(() => report.stop())
      if (!complete) process.exitCode = exitCodes.failed
    })
}

function openSource(source: (typeof sources)[number], path: string, data?: string): Promise<readonly ImportFile[]> {
  switch (source) {
    case 'movielens':
      return movielens(path)
    case 'online-retail':
      return Promise.resolve(onlineRetail(path))
    case 'completejourney':
      return completejourney(path)
    case 'mapping':
      return mapped(path, data)
  }
}

const help = `
Files may be plain or gzip-compressed. An interrupted import goes on where it was when the same command is
given again; a file that was imported to its end is refused (exit code 1) unless --again is given. An event
keeps the same messageId however often its row is sent, so it counts once within the platform's window of known
ids (24 hours by default). Rows that do not fit are listed with their line numbers on standard error; the
others are imported all the same.

A mapping (YAML or JSON) says which column is what; docs/import.md has all of it:
  format: csv                       # or ndjson
  file: events.csv.gz               # relative to the mapping
  event:
    name: { column: action, values: { view: Product Viewed, cart: Product Added, buy: Order Completed } }
    userId: user
    timestamp: time
    properties:
      product_id: item
      price: { column: price, type: number }
or, for a catalogue:
  item:
    id: sku
    body: { title: name, price: { column: price, type: number }, categories: { column: path, type: list, separator: ">" } }

Examples:
  rapport import movielens ./ml-100k
  rapport import online-retail ./online-retail.csv.gz
  rapport import mapping ./clicks.yaml`
