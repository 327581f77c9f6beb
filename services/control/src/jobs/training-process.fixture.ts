import { claimTrainingJob, createModelStore } from '@rapport/model-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { join } from 'node:path'

// A training process of the tests: the tenant's name says how it ends.
const variable = (name: string): string => process.env[name] ?? ''
const tenant = variable('RAPPORT_TRAINING_TENANT')
const id = variable('RAPPORT_TRAINING_JOB')
const write =
  (level: string) =>
  (fields: object, msg?: string): void => {
    process.stdout.write(`${JSON.stringify({ level, ...fields, msg })}\n`)
  }
const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }

process.stdin.on('end', () => process.exit(4)).resume()
if (tenant === 'dies-early') process.exit(7)
if (tenant === 'tells-environment') {
  log.info({ environment: process.env })
  process.exit(0)
}
const objects = await openFilesystemObjectStore({ directory: join(variable('RAPPORT_DATA_DIR'), 'objects') })
const { claimed } = await claimTrainingJob(
  objects,
  { tenant, id },
  { owner: variable('RAPPORT_TRAINING_OWNER'), leaseMs: 60_000 },
)
if (claimed === undefined) process.exit(5)
log.info({ step: 'claimed' }, 'a line of the child')
await claimed.heartbeat({ progress: { stage: 'testing', fraction: 0.5 } })
if (tenant === 'crashes') {
  process.stderr.write('out of tea\n')
  process.exit(6)
}
if (tenant === 'succeeds') {
  const models = createModelStore(objects, { log })
  const { version } = await models.publish({
    tenant,
    name: 'recommender',
    task: 'recommender',
    algorithm: 'popularity',
    framework: 'test',
    inputSchema: {},
    data: { rows: 1, fingerprint: 'x' },
    parameters: {},
    metrics: {},
    codeRevision: 'test',
    files: new Map([['a.bin', new Uint8Array([1])]]),
  })
  await models.promote({ tenant, name: 'recommender', alias: 'champion' }, version)
  await claimed.succeed({ result: { version, algorithm: 'popularity', promoted: true } })
  process.exit(0)
}
// `waits`, and whatever else: until it is told to end.
setInterval(() => undefined, 60_000)
