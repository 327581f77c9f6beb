import { randomUUID } from 'node:crypto'
import { connectObjectStore, createLogger, readConfig, stopSignal } from '@rapport/service-kit'
import packageJson from '../package.json' with { type: 'json' }
import { namedJob, TrainingConfigSchema } from './config.ts'
import { exitCodes, runnerExitCodes } from './exit-codes.ts'
import { whenParentEnds } from './job/parent-watch.ts'
import { runNextTrainingJob, runTrainingJob, type TrainingJobOptions } from './job/run-training-job.ts'
import { proveGpu } from './prove-gpu.ts'

const config = readConfig(TrainingConfigSchema, process.env)
const named = namedJob(config)
const log = createLogger('training', { level: config.RAPPORT_LOG_LEVEL })
const stop = new AbortController()
void stopSignal().then((signal) => stop.abort(signal))
whenParentEnds(() => stop.abort('the parent has ended'))

if (config.RAPPORT_TRAINING_DEVICE === 'gpu') await proveGpu(log)
await using stores = await connectObjectStore(config, log)
const deadlineSeconds = config.RAPPORT_TRAINING_DEADLINE_SECONDS
const options: TrainingJobOptions = {
  objects: stores.objectStore,
  log,
  owner: config.RAPPORT_TRAINING_OWNER ?? randomUUID(),
  stop: stop.signal,
  memoryLimitBytes: config.RAPPORT_TRAINING_MEMORY_MB * 1024 * 1024,
  codeRevision: packageJson.version,
  keepVersions: config.RAPPORT_TRAINING_KEEP_VERSIONS,
  deadlineMs: deadlineSeconds === undefined ? undefined : deadlineSeconds * 1000,
}
const end = await (named === undefined ? runNextTrainingJob(options) : runTrainingJob(named, options))
log.info({ end }, 'training ended')
process.exitCode = (named === undefined ? runnerExitCodes : exitCodes)[end]
// A pipe to the parent would keep the process alive.
process.stdin.destroy()
