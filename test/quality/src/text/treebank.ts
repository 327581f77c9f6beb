import { readTextLines, type LabelledText } from '../data/labelled-texts.ts'
import { treebankFile, type TreebankKind } from '../data/text-files.ts'

/** A part of Stanford's sentiment treebank; a label may stand for several of the file. */
export async function readTreebank(
  dataDir: string,
  kind: TreebankKind,
  part: 'train' | 'test',
  labelOf: (label: string) => string,
): Promise<LabelledText[]> {
  const rows = await readTextLines(dataDir, treebankFile(kind, part), 'label-blank-text')
  return rows.map(({ text, label }) => ({ text, label: labelOf(label) }))
}

export const toThreeClasses = (label: string): string =>
  ['negative', 'negative', 'neutral', 'positive', 'positive'][Number(label)] ?? label
