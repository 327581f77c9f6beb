import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readSecretKeys } from '../manifests/check/environment.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const page = read('docs/operations.md')
const commands = Array.from(page.matchAll(/```sh\n([\s\S]*?)```/g), ([, block = '']) => block)
const code = [...commands, ...Array.from(page.matchAll(/`([^`\n]+)`/g), ([, text = '']) => text)].join('\n')

/** What each match of an expression has in its first group, once. */
const allOf = (expression: RegExp, text = code): readonly string[] => [
  ...new Set(Array.from(text.matchAll(expression), ([, found = '']) => found)),
]

test('the commands of npm are there, and the benches', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const used = allOf(/npm run ([\w:]+)/g)
  expect(used.length).toBeGreaterThan(2)
  expect(used.filter((name) => !(name in scripts))).toEqual([])
  const benches = read('test/bench/src/main.ts')
  for (const name of allOf(/npm run bench -- ([a-z]+(?: --[a-z]+)?)/g))
    expect(benches).toMatch(new RegExp(`^  '?${name}'?: `, 'm'))
})

test('the commands of rapport are there', { timeout: 60_000 }, async () => {
  const cli = join(root, 'services/all-in-one/src/cli/main.ts')
  const used = allOf(/npx rapport ([a-z-]+ [a-z-]+)/g)
  expect(used.length).toBeGreaterThan(4)
  for (const command of used) {
    const { stdout } = await run(process.execPath, [cli, ...command.split(' '), '--help'])
    expect(stdout).toMatch(new RegExp(`^Usage: rapport ${command}`))
  }
})

test('the manifests, Deployments and secrets are there', () => {
  const paths = allOf(/kubectl (?:apply|diff) -[fk] (\S+)/g)
  expect(paths.length).toBeGreaterThan(2)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  const names = new Set(readdirSync(join(root, 'k8s/base')))
  expect(allOf(/\b(?:deployment|service)\/([\w-]+)/g).filter((name) => !names.has(name))).toEqual([])
  const secrets = readSecretKeys(root)
  expect(allOf(/secret (?:generic )?(rapport-[\w-]+)/g).filter((name) => !secrets.has(name))).toEqual([])
})

test('the rights of Redis in it are those that Rapport needs', () => {
  const documented = /ACL SETUSER rapport on >PASSWORD (.*)$/m.exec(read('docs/redis.md'))?.[1]
  expect(documented).toMatch(/^~rpt/)
  expect(page).toContain(`user rapport on >$REDIS_PASSWORD ${documented}`)
})

test('the tests and pages that it names are there', () => {
  const links = allOf(/\]\((?!https?:)([^)#]+)/g, page)
  expect(links.filter((link) => link.endsWith('.test.ts')).length).toBeGreaterThan(10)
  expect(links.filter((link) => !existsSync(join(root, 'docs', link)))).toEqual([])
})
