// npm run setup:tensorflow [-- --gpu]: the native library for training, which runs on WebAssembly without it.
import { parseArgs } from 'node:util'
import { say } from '../test/infra/src/obtain/run-tool.ts'
import { probe } from './tensorflow/probe.ts'
import { MissingToolsError, setUpTensorflow } from './tensorflow/set-up.ts'

const { values } = parseArgs({ options: { gpu: { type: 'boolean', default: false } } })
try {
  await setUpTensorflow(values.gpu ? 'gpu' : 'cpu')
  say(probe())
} catch (error) {
  if (!(error instanceof MissingToolsError)) throw error
  say(error.message)
  process.exitCode = 1
}
