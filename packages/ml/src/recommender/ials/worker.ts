import { parentPort, workerData } from 'node:worker_threads'
import { createWorkspace, runTask, type IalsProblem, type IalsStep } from './problem.ts'

const problem = workerData as IalsProblem
const workspace = createWorkspace(problem)

parentPort?.on('message', (step: IalsStep) => {
  while (runTask(problem, step, workspace));
  parentPort?.postMessage('done')
})
parentPort?.postMessage('ready')
