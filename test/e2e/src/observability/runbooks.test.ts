import { execFile } from 'node:child_process'
import { glob, readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { readRules, runbookQueries, usedMetrics } from './used-metrics.ts'

const run = promisify(execFile)
const root = new URL('../../../../', import.meta.url)
const folder = new URL('docs/runbooks/', root)
const cli = fileURLToPath(new URL('services/all-in-one/src/cli/main.ts', root))

const read = (name: string): Promise<string> => readFile(new URL(`${name}.md`, folder), 'utf8')
const commandsOf = (page: string): string[] =>
  (/## First three commands\n\n```sh\n([\s\S]*?)\n```/.exec(page)?.[1] ?? '').split('\n')

let pages: Map<string, string>
beforeAll(async () => {
  const names = (await readdir(folder)).map((file) => file.replace(/\.md$/, '')).filter((name) => name !== 'README')
  pages = new Map(await Promise.all(names.map(async (name) => [name, await read(name)] as const)))
})

const commands = (): string[] => [...pages.values()].flatMap(commandsOf)

describe('the runbooks', () => {
  it('are one for each alert, which names it, and the first page lists them', async () => {
    const alerts = (await readRules()).filter(({ alert }) => alert !== undefined)
    for (const { alert, annotations } of alerts) expect(annotations?.runbook).toBe(`docs/runbooks/${alert}.md`)
    const names = [...new Set(alerts.flatMap(({ alert }) => alert ?? []))].toSorted()
    expect([...pages.keys()].toSorted()).toEqual(names)
    const listed = (await read('README')).matchAll(/^\| \[(\w+)\]\(\1\.md\) \|/gm)
    expect(Array.from(listed, ([, name = '']) => name).toSorted()).toEqual(names)
  })

  it('say what it means, three commands, and how to mend it', () => {
    for (const [name, page] of pages) {
      expect(page).toMatch(new RegExp(`^# ${name}\n\nSeverity: (page|ticket)`))
      expect(page).toMatch(/\n## Meaning\n\n\S[\s\S]*\n## First three commands\n[\s\S]*\n## Fix\n\n\S/)
      expect([name, commandsOf(page)]).toEqual([name, [expect.any(String), expect.any(String), expect.any(String)]])
    }
  })

  it('use commands of the platform that there are', async () => {
    const texts = [...pages.values()].join('\n')
    const used = new Set(
      Array.from(texts.matchAll(/npx rapport ([a-z-]+)(?: ([a-z-]+))?/g), ([, ...words]) => words.join(' ').trim()),
    )
    expect(used.size).toBeGreaterThan(3)
    const help = async (command: string): Promise<void> => {
      const { stdout } = await run(process.execPath, [cli, ...command.split(' '), '--help'])
      expect(stdout).toMatch(new RegExp(`^Usage: rapport ${command}`))
    }
    await Promise.all([...used].map(help))
  })

  it('look for lines that the log can have', async () => {
    const wanted = Array.from(
      commands()
        .join('\n')
        .matchAll(/grep -F '([^']+)'/g),
      ([, line = '']) => line,
    )
    expect(wanted.length).toBeGreaterThan(5)
    const missing = new Set(wanted)
    for await (const file of glob('{packages,services}/*/src/**/*.ts', { cwd: fileURLToPath(root) })) {
      const text = await readFile(new URL(file, root), 'utf8')
      for (const line of missing) if (text.includes(`'${line}'`)) missing.delete(line)
    }
    expect([...missing]).toEqual([])
  })

  it('ask by the alert’s own expression where a series may begin with what is told', async () => {
    const onOneLine = (expr: string): string => expr.replaceAll(/\s+/g, ' ')
    const names = ['RapportDeadLetters', 'RapportRecordsMissed', 'RapportTrainingFailed']
    const own = (await readRules()).filter(({ alert = '' }) => names.includes(alert))
    expect(own).toHaveLength(names.length)
    const queries = (await runbookQueries()).map(onOneLine)
    expect(queries).toEqual(expect.arrayContaining(own.map(({ expr }) => onOneLine(expr))))
  })

  it('ask for metrics and variables that are documented', async () => {
    const documented = await readFile(new URL('docs/metrics.md', root), 'utf8')
    const queries = await runbookQueries()
    const names = queries.flatMap((expr) => usedMetrics(expr).map(({ name }) => name))
    const own = new Set(
      names.filter((name) => name.startsWith('rapport_')).map((name) => name.replace(/_(bucket|count|sum)$/, '')),
    )
    expect(own.size).toBeGreaterThan(10)
    for (const name of own) expect(documented).toContain(`| \`${name}\` |`)

    const variables = new Set([...pages.values()].join('\n').match(/\bRAPPORT_\w+/g))
    const readmes = await Promise.all(
      (await readdir(new URL('services/', root))).map((name) =>
        readFile(new URL(`services/${name}/README.md`, root), 'utf8'),
      ),
    )
    const known = readmes.join('\n')
    // What the command-line tool and the clients of the services read.
    for (const name of ['RAPPORT_URL', 'RAPPORT_KEY']) variables.delete(name)
    expect([...variables].filter((name) => !known.includes(name))).toEqual([])
  })
})
