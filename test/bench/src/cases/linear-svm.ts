import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Report } from '../harness/report.ts'

const run = promisify(execFile)
const [ours, theirs] = ['svm-process.ts', 'svm-sklearn.py'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
) as [string, string]
const python = process.env['RAPPORT_BENCH_PYTHON'] ?? 'python3'

/**
 * A linear SVM of ten kinds of products on all shop reviews, vectorising included, and the same by scikit-learn where Python
 * has it; each in a process of its own.
 */
export async function benchLinearSvm(dataDir: string): Promise<Report> {
  const own = await measure(process.execPath, [ours, dataDir])
  const hasLearn = await run(python, ['-c', 'import sklearn']).then(
    () => true,
    () => false,
  )
  if (!hasLearn) {
    console.error(`${python} has no scikit-learn, so there is no ratio; RAPPORT_BENCH_PYTHON names another Python.`)
    return { 'linear SVM, shop reviews': own }
  }
  const reference = await measure(python, [theirs, dataDir])
  return {
    'linear SVM, shop reviews': { ...own, 'times scikit-learn': (own['seconds'] ?? 0) / (reference['seconds'] ?? 0) },
    'the same by scikit-learn': reference,
  }
}

async function measure(program: string, args: readonly string[]): Promise<Record<string, number>> {
  const { stdout } = await run(program, [...args], { maxBuffer: 1024 ** 2 })
  return JSON.parse(stdout) as Record<string, number>
}
