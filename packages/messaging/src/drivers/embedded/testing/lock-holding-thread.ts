// A thread that keeps every other writer of the folder waiting for the milliseconds it is told.
import { parentPort, workerData } from 'node:worker_threads'
import { openEnvironment } from '../environment.ts'

const { directory, holdMs } = workerData as { readonly directory: string; readonly holdMs: number }
const environment = openEnvironment(directory, true)
environment.root.transactionSync(() => {
  parentPort?.postMessage('held')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMs)
})
await environment.close()
