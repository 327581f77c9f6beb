// A thread that keeps every other writer of the folder waiting until the gate is opened, or for the milliseconds it is told.
import { parentPort, workerData } from 'node:worker_threads'
import { openEnvironment } from '../environment.ts'

interface Hold {
  readonly directory: string
  readonly holdMs: number
  readonly gate: Int32Array
}

const { directory, holdMs, gate } = workerData as Hold
const environment = openEnvironment(directory, true)
environment.root.transactionSync(() => {
  parentPort?.postMessage('held')
  Atomics.wait(gate, 0, 0, holdMs)
})
await environment.close()
