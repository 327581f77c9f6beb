import { randomUUID } from 'node:crypto'
import { connectObjectStore, createLogger, readConfig, stopSignal } from '@rapport/service-kit'
import packageJson from '../package.json' with { type: 'json' }
import { TrainingConfigSchema } from './config.ts'
import { exitCodes } from './exit-codes.ts'
import { whenParentEnds } from './job/parent-watch.ts'
import { runTrainingJob } from './job/run-training-job.ts'
import { proveGpu } from './prove-gpu.ts'

const config = readConfig(TrainingConfigSchema, process.env)
const log = createLogger('training', { level: config.RAPPORT_LOG_LEVEL })
const stop = new AbortController()
void stopSignal().then((signal) => stop.abort(signal))
whenParentEnds(() => stop.abort('the parent has ended'))

if (config.RAPPORT_TRAINING_DEVICE === 'gpu') await proveGpu(log)
await using stores = await connectObjectStore(config, log)
const objects = stores.objectStore
const end = await runTrainingJob(
  { tenant: config.RAPPORT_TRAINING_TENANT, id: config.RAPPORT_TRAINING_JOB },
  {
    objects,
    log,
    owner: config.RAPPORT_TRAINING_OWNER ?? randomUUID(),
    stop: stop.signal,
    memoryLimitBytes: config.RAPPORT_TRAINING_MEMORY_MB * 1024 * 1024,
    codeRevision: packageJson.version,
    keepVersions: config.RAPPORT_TRAINING_KEEP_VERSIONS,
  },
)
log.info({ end }, 'training ended')
process.exitCode = exitCodes[end]
// A pipe to the parent would keep the process alive.
process.stdin.destroy()
