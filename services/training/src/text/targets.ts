/** What rows are labelled with. */
export interface Targets {
  /** How many labels there are. */
  readonly classes: number
  /** By row, its label; of several the one that the fewest rows have, by which the data are split. */
  readonly labels: Int32Array
  /** By row, all its labels, where a row may have several. */
  readonly sets?: readonly Int32Array[] | undefined
}

/** Texts with what they are labelled with. */
export interface LabelledTexts extends Targets {
  readonly texts: readonly string[]
}

/** Those of some rows. */
export function pickTargets({ classes, labels, sets }: Targets, rows: Int32Array): Targets {
  return {
    classes,
    labels: rows.map((row) => labels[row] as number),
    ...(sets !== undefined && { sets: Array.from(rows, (row) => sets[row] as Int32Array) }),
  }
}

/** Rows of each label. */
export function labelSizes({ classes, labels, sets }: Targets): Int32Array {
  const sizes = new Int32Array(classes)
  for (const label of sets === undefined ? labels : sets.flatMap((set) => [...set])) {
    sizes[label] = (sizes[label] as number) + 1
  }
  return sizes
}

/** Of each row the label that the fewest rows have. */
export function rarestLabels(sets: readonly Int32Array[], classes: number): Int32Array {
  const sizes = labelSizes({ classes, labels: new Int32Array(0), sets })
  return Int32Array.from(sets, (set) => set.reduce((a, b) => ((sizes[b] as number) < (sizes[a] as number) ? b : a)))
}
