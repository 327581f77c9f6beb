// Training steps of each network in a process of its own, and the network served: train-deep-process.ts native|wasm
import {
  type BackendSetting,
  type NetworkParameters,
  type NetworkWeights,
  openBackend,
  toModelFiles,
  trainNetwork,
} from '@rapport/deep'
import { createNetworkScorer, readNetwork } from '@rapport/ml'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'

const batchSize = 64
const steps = 40
const rows = batchSize * steps
const base = { vocabulary: 5000, length: 32, embedding: 64, outputs: 77, dropout: 0.5 }
const networks: readonly NetworkParameters[] = [
  { ...base, kind: 'text-cnn', windows: [3, 4, 5], filters: 64 },
  { ...base, kind: 'lstm', units: 64 },
  { ...base, kind: 'bilstm', units: 64 },
  { ...base, kind: 'cnn-lstm', window: 5, filters: 64, pool: 2, units: 64 },
]

const random = xoroshiro128plus(1)
// Tokens by Zipf's law, as in texts.
const ids = Int32Array.from({ length: rows * base.length }, () => Math.floor(base.vocabulary ** uniformFloat64(random)))
const labels = Int32Array.from({ length: rows }, () => Math.floor(base.outputs * uniformFloat64(random)))

const backend = await openBackend((process.argv[2] ?? 'auto') as BackendSetting)
const report: Record<string, Record<string, number>> = {}
for (const parameters of networks) report[`${parameters.kind}, ${backend.name}`] = await measure(parameters)
console.log(JSON.stringify(report))

async function measure(parameters: NetworkParameters): Promise<Record<string, number>> {
  const wallMs: number[] = []
  const cpuMs: number[] = []
  let wall = performance.now()
  let cpu = process.cpuUsage()
  const onStep = (): void => {
    const { user, system } = process.cpuUsage(cpu)
    wallMs.push(performance.now() - wall)
    cpuMs.push((user + system) / 1000)
    wall = performance.now()
    cpu = process.cpuUsage()
  }
  const data = { tokens: { rows, length: base.length, ids }, targets: { kind: 'classes', labels } } as const
  const { network, firstStepMs = 0 } = await trainNetwork(
    parameters,
    data,
    { epochs: 1, seed: 1, batchSize },
    { onStep },
  )
  return {
    'step p50 ms': median(wallMs.slice(5)),
    'step CPU p50 ms': median(cpuMs.slice(5)),
    'first step ms': firstStepMs,
    'served document p50 ms': serve(network),
  }
}

function serve(network: NetworkWeights): number {
  const scorer = createNetworkScorer(readNetwork(toModelFiles(network, 'softmax')))
  const out = new Float32Array(scorer.outputs)
  const times: number[] = []
  for (let row = 0; row < rows; row += 1) {
    const document = ids.subarray(row * base.length, (row + 1) * base.length)
    const started = performance.now()
    scorer.score(document, out)
    times.push(performance.now() - started)
  }
  return median(times.slice(200))
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}
