import type { CsrMatrix } from '@rapport/ml'
import { fitTextVectorizer, TextVectorizer } from '@rapport/text'
import type { LabelledText, TextSplit } from '../data/labelled-texts.ts'
import { features, type FeaturesName } from './cells.ts'

/** Texts with the numbers of their labels. */
export interface NumberedTexts {
  readonly texts: readonly string[]
  readonly labels: Int32Array
}

/** Both parts of a set; labels are numbers of the training part's labels in order. */
export interface TextParts {
  readonly names: readonly string[]
  readonly train: NumberedTexts
  readonly test: NumberedTexts
}

/** Throws a TypeError where the test part has a label of its own. */
export function toParts({ train, test }: TextSplit): TextParts {
  const names = [...new Set(train.map(({ label }) => label))].toSorted()
  const numbers = new Map(names.map((name, number) => [name, number]))
  const toNumbered = (part: readonly LabelledText[]): NumberedTexts => ({
    texts: part.map(({ text }) => text),
    labels: Int32Array.from(part, ({ label }) => {
      const number = numbers.get(label)
      if (number === undefined) throw new TypeError(`the label ${label} is in the test part alone`)
      return number
    }),
  })
  return { names, train: toNumbered(train), test: toNumbered(test) }
}

/** Both parts as rows of features. */
export interface TextRows {
  readonly train: CsrMatrix
  readonly test: CsrMatrix
  /** Of the vectorizer's fit to the training part. */
  readonly fitSeconds: number
}

export function vectorise(
  { names, train, test }: TextParts,
  name: FeaturesName,
  say: (line: string) => void,
): TextRows {
  const started = performance.now()
  const { data, matrix } = fitTextVectorizer([...train.texts], features[name])
  const fitSeconds = (performance.now() - started) / 1000
  const sizes = `${train.texts.length} training and ${test.texts.length} test texts, ${names.length} classes`
  say(`${sizes}, ${data.columns} features ${name} in ${fitSeconds.toFixed(1)} s`)
  return { train: matrix, test: new TextVectorizer(data).transform([...test.texts]), fitSeconds }
}
