import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import manifest from '../../../package.json' with { type: 'json' }
import { imageNames, workspace } from './build-service.ts'

interface ComposeService {
  readonly image: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly user?: string
  readonly mem_limit?: string
  readonly pids_limit?: number
  readonly healthcheck?: object
  readonly restart?: string
}

const { services } = parse(await readFile(join(workspace, 'docker/compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>
}
const servers = new Set(['kafka', 'redis', 's3'])

it.each(Object.entries(services))('%s runs contained and within limits, and says how it is', (name, service) => {
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    mem_limit: expect.stringMatching(/^\d+[mg]$/) as string,
    pids_limit: expect.any(Number) as number,
  })
  // What ends when it has done its work has no health.
  expect(service.healthcheck !== undefined).toBe(service.restart !== 'no')
  expect(service.user).toBe(servers.has(name) ? undefined : '10001:10001')
})

it('names images that this version builds', () => {
  const ours = Object.entries(services).filter(([name]) => !servers.has(name))
  expect(ours.length).toBeGreaterThan(6)
  for (const [, { image }] of ours) {
    const [, name = '', tag] = /^rapport\/([\w-]+):\$\{RAPPORT_TAG:-(.+)\}$/.exec(image) ?? []
    expect(imageNames).toContain(name)
    expect(tag).toBe(manifest.version)
  }
})
