import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Report } from '../harness/report.ts'

const program = fileURLToPath(new URL('train-ials-process.ts', import.meta.url))

/** iALS on MovieLens 1M, 64 factors, 10 epochs: on all cores and, for the ratio, on one; each in a process of its own. */
export async function benchTrain({ dataDir }: { dataDir: string | undefined }): Promise<Report> {
  if (dataDir === undefined) {
    throw new Error('This needs the data folder with reczoo-ml-1m: name it by --data DIR or RAPPORT_QUALITY_DATA.')
  }
  return {
    'iALS ML-1M, 64 factors, 10 epochs, all cores': await train(dataDir, 'all'),
    'iALS ML-1M, 64 factors, 10 epochs, one thread': await train(dataDir, '1'),
  }
}

async function train(dataDir: string, threads: string): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, dataDir, threads])
  return JSON.parse(stdout) as Record<string, number>
}
