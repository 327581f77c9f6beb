import type { NetworkAlgorithm } from '@rapport/contracts'
import { TextClassifier } from '@rapport/text-models'
import { defaultNetworkRecipe, nameOfNetwork, openNetworksOnce } from '@rapport/training'
import type { QualityRow } from '../report/quality-set.ts'
import { judgeServed } from './measure-winner.ts'
import type { TextParts } from './text-problem.ts'

const memoryLimitBytes = 4 * 1024 ** 3
const silent = (): void => undefined

/**
 * A network from scratch as a training job makes it, on the training part alone: of that, a tenth says when to stop, then
 * it is trained anew on all of it. It is judged on the test part as it would serve, but uncalibrated.
 */
export async function measureNetwork(
  { names, train, test }: TextParts,
  algorithm: NetworkAlgorithm,
  say: (line: string) => void,
): Promise<QualityRow> {
  const networks = openNetworksOnce({
    device: 'auto',
    memoryLimitBytes,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    onEpoch: ({ epoch, loss, validation, seconds }) => {
      const figures = [loss, validation?.loss, validation?.accuracy].map((value) => value?.toFixed(4))
      say(`${algorithm}, epoch ${epoch}: loss ${figures.join(', validation ')}, ${seconds.toFixed(1)} s`)
    },
  })
  const { backend, fit } = await networks()
  say(`${algorithm} on ${backend.name} ${backend.version}, ${backend.device}`)
  const recipe = defaultNetworkRecipe(algorithm, train.texts)
  const started = performance.now()
  const scorer = await fit(recipe, { ...train, classes: names.length }, {})
  const trainSeconds = (performance.now() - started) / 1000
  const classifier = new TextClassifier({ labels: names, scorer, calibration: { kind: 'temperature', temperature: 1 } })
  const { accuracy, macroF1, logLoss } = judgeServed(classifier, test)
  return {
    model: algorithm,
    chosen: `${nameOfNetwork(recipe)}; ${backend.name}`,
    metrics: { accuracy, macroF1, logLoss, trainSeconds },
  }
}
