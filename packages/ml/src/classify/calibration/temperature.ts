/** Beyond these the probabilities of finite samples are 0 and 1, or uniform, to all digits that matter. */
const logRange = 10
const tolerance = 1e-10
const maxIterations = 200

/**
 * Temperature scaling (Guo et al. 2017): the `T` of `softmax(scores / T)` with the least log-loss. That is convex in `1 / T`,
 * so Newton steps on its derivative, halved into the bracket where they leave it, find the only minimum between exp(-10) and
 * exp(10). `scores` are rows x classes, row-major.
 */
export function fitTemperature(scores: Float32Array, labels: Int32Array, classes: number): number {
  let low = Math.exp(-logRange)
  let high = Math.exp(logRange)
  let inverse = 1
  for (let iteration = 0; iteration < maxIterations && high - low > tolerance * low; iteration += 1) {
    const { slope, curvature } = derivatives(scores, labels, classes, inverse)
    if (slope === 0) break
    if (slope > 0) high = inverse
    else low = inverse
    const next = inverse - slope / curvature
    const inside = next > low && next < high
    const moved = inside ? next : Math.sqrt(low * high)
    if (Math.abs(moved - inverse) <= tolerance * inverse) break
    inverse = moved
  }
  return 1 / inverse
}

/** First and second derivative of the summed log-loss by the inverse temperature. */
function derivatives(
  scores: Float32Array,
  labels: Int32Array,
  classes: number,
  inverse: number,
): { readonly slope: number; readonly curvature: number } {
  let slope = 0
  let curvature = 0
  for (let row = 0; row < labels.length; row += 1) {
    const at = row * classes
    let highest = Number.NEGATIVE_INFINITY
    for (let label = 0; label < classes; label += 1) highest = Math.max(highest, scores[at + label] as number)
    let sum = 0
    let first = 0
    let second = 0
    for (let label = 0; label < classes; label += 1) {
      const below = (scores[at + label] as number) - highest
      const weight = Math.exp(inverse * below)
      sum += weight
      first += weight * below
      second += weight * below * below
    }
    const mean = first / sum
    slope += mean - ((scores[at + (labels[row] as number)] as number) - highest)
    curvature += second / sum - mean * mean
  }
  return { slope, curvature }
}
