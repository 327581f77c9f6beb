/** What a model version in memory has said so far. */
export class VersionTally {
  /** Documents by the label that was best, in the order of the model's labels. */
  readonly byLabel: Float64Array
  classified = 0
  /** Of `classified`, those below the threshold of their call. */
  uncertain = 0
  /** Documents that could not be classified. */
  refused = 0
  /** Of `classified`, of a shadow: those to which the version that answered gave the same label. */
  agreed = 0
  /** Of the best probabilities. */
  confidenceSum = 0
  /** Of `classified`, by the best probability in tenths: index 9 is of 0.9 and more. */
  readonly byTenth = new Float64Array(10)

  constructor(labels: number) {
    this.byLabel = new Float64Array(labels)
  }

  note(label: number, probability: number, isUncertain: boolean): void {
    this.byLabel[label] = (this.byLabel[label] as number) + 1
    this.classified += 1
    this.confidenceSum += probability
    const tenth = Math.min(9, Math.floor(probability * 10))
    this.byTenth[tenth] = (this.byTenth[tenth] as number) + 1
    if (isUncertain) this.uncertain += 1
  }
}
