import { join } from 'node:path'
import { Argument, type Command, Option } from '@commander-js/extra-typings'
import type { ImportFile } from '../../import/import-row.ts'
import { completejourney } from '../../import/completejourney.ts'
import type { ImportReport } from '../../import/import-files.ts'
import { importFiles } from '../../import/import-files.ts'
import { mapped } from '../../import/mapping.ts'
import { movielens } from '../../import/movielens.ts'
import { onlineRetail } from '../../import/online-retail.ts'
import { connect, dataDirOf, interruptible } from '../connection.ts'
import { exitCodes } from '../explain.ts'
import type { Progress } from '../output.ts'
import { print, startProgress } from '../output.ts'

const sources = ['movielens', 'online-retail', 'completejourney', 'mapping'] as const
/** Rejected rows that are listed for each file; the others are counted. */
const listedRejections = 20

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
      const { client, url } = await connect()
      const { tenant } = await client.http.json<{ tenant: string }>({ method: 'GET', path: '/v1/tenants/self' })
      const report = new ConsoleReport()
      const complete = await importFiles(files, {
        client,
        target: `${url} ${tenant}`,
        ledgerFolder: join(dataDirOf(process.env), 'imports'),
        again: options.again,
        report,
        signal: interruptible(),
      })
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
given again; a file that was imported to its end is refused unless --again is given. An event keeps the same
messageId however often its row is sent, so it counts once within the platform's window of known ids.

A mapping (YAML or JSON) says which column is what:
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

class ConsoleReport implements ImportReport {
  #progress: Progress | undefined
  #listed = 0
  #startedMs = 0

  started(file: string, skippedRows: number): void {
    this.#listed = 0
    this.#startedMs = Date.now()
    if (skippedRows > 0) print(`${file}: going on behind row ${skippedRows}`)
    this.#progress = startProgress(file)
  }

  progress({ rows, accepted, rejected }: { rows: number; accepted: number; rejected: number }): void {
    const perSecond = Math.round(accepted / Math.max(0.001, (Date.now() - this.#startedMs) / 1000))
    this.#progress?.update(rows, `${accepted} accepted, ${rejected} rejected, ${perSecond}/s`)
  }

  rejected(file: string, { line, reason }: { line: number; reason: string }): void {
    this.#listed += 1
    if (this.#listed <= listedRejections) process.stderr.write(`${file} line ${line}: ${reason}\n`)
    if (this.#listed === listedRejections + 1) process.stderr.write(`${file}: further rejected rows are counted only\n`)
  }

  finished(file: string, { rows, accepted, rejected }: { rows: number; accepted: number; rejected: number }): void {
    this.#progress?.stop()
    print(`${file}: ${rows} rows, ${accepted} accepted, ${rejected} rejected`)
  }

  alreadyDone(file: string, finishedAt: string): void {
    print(`${file}: imported before (${finishedAt}); --again sends it again`)
  }
}
