/** Data sets of generated texts, for the tests. */
import type { DatasetManifest } from '@rapport/contracts'
import { systemClock } from '@rapport/core'
import { DatasetWriter } from '@rapport/datasets'
import type { ObjectStore } from '@rapport/object-store'
import type { TextCorpus } from '../text/corpus.ts'
import { seededRandom } from './synthetic-archive.ts'

export interface LabelledText {
  readonly text: string
  readonly label: string
  /** All labels, of a data set of several a row. */
  readonly labels?: readonly string[]
}

/** Stores rows as a version of a data set of the tenant `shop`, as an upload does. */
export async function putDataset(
  objects: ObjectStore,
  name: string,
  rows: readonly LabelledText[],
): Promise<DatasetManifest> {
  const writer = await DatasetWriter.begin(objects, systemClock, { tenant: 'shop', name })
  const sizes = new Map<string, number>()
  for (const [at, { text, label, labels = [label] }] of rows.entries()) {
    for (const each of labels) sizes.set(each, (sizes.get(each) ?? 0) + 1)
    await writer.add({ row: at + 1, text, labels: [...labels] })
  }
  const nothing = { count: 0, samples: [] }
  return writer.publish({
    format: 'ndjson',
    columns: { text: 'text', label: 'label' },
    multiLabel: rows.some(({ labels }) => labels !== undefined),
    classes: [...sizes].map(([label, count]) => ({ label, rows: count })),
    report: { rowsRead: rows.length, rejectedCount: 0, rejected: [], duplicates: nothing, conflicts: nothing },
  })
}

const vocabulary = {
  en: {
    things: ['kettle', 'lamp', 'backpack', 'jacket', 'tent', 'teapot', 'charger', 'blanket'],
    praise: ['works like a charm', 'feels sturdy and warm', 'is worth every penny', 'delights the whole family'],
    blame: ['fell apart at once', 'smells of cheap plastic', 'never switched on', 'is a waste of money'],
    rest: ['after two weeks', 'on our trip', 'in the kitchen', 'for the children', 'this winter', 'at the office'],
  },
  zh: {
    things: ['水壶', '台灯', '背包', '外套', '帐篷', '茶壶', '充电器', '毯子'],
    praise: ['非常好用', '质量很结实', '物超所值', '全家都喜欢'],
    blame: ['马上就坏了', '有一股塑料味', '根本打不开', '太浪费钱'],
    rest: ['用了两个星期', '旅行的时候', '放在厨房', '给孩子买的', '今年冬天', '在办公室'],
  },
} as const

/** Reviews of two labels, told apart by what they say; so many of 100 (`wrong`) have the other label. */
export function generatedReviews(
  rows: number,
  {
    language,
    seed = 1,
    wrong = 5,
  }: { readonly language: 'zh' | 'en'; readonly seed?: number; readonly wrong?: number },
): LabelledText[] {
  const random = seededRandom(seed)
  const pick = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? ''
  const { things, praise, blame, rest } = vocabulary[language]
  return Array.from({ length: rows }, (_, row) => {
    const isGood = random() < 0.55
    const number = 100 + row
    const said = pick(isGood ? praise : blame)
    const text =
      language === 'en'
        ? `The ${pick(things)} ${said} ${pick(rest)}, order ${number} ${pick(things)} ${pick(rest)}`
        : `${pick(rest)}，这个${pick(things)}${said}，订单${number}${pick(things)}${pick(rest)}`
    const isWrong = random() * 100 < wrong
    return { text, label: isGood === isWrong ? 'bad' : 'good' }
  })
}

const topics = {
  delivery: ['the parcel came late', 'the courier lost it', 'it was left in the rain'],
  price: ['it costs too much', 'the discount was not given', 'cheaper elsewhere'],
  quality: ['the seam broke', 'it smells of glue', 'the colour washes out'],
} as const

/** Complaints about one to three topics, each in a sentence of its own. */
export function generatedComplaints(rows: number, seed = 1): LabelledText[] {
  const random = seededRandom(seed)
  const pick = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? ''
  return Array.from({ length: rows }, (_, row) => {
    const named = (Object.keys(topics) as (keyof typeof topics)[]).filter(() => random() < 0.45)
    const labels = named.length === 0 ? [pick(Object.keys(topics))] : named
    const said = labels.map((topic) => pick(topics[topic as keyof typeof topics]))
    const text = `${said.join('; ')}: ${pick(vocabulary.en.things)} ${row * 7919}, ${pick(vocabulary.en.rest)} ${pick(vocabulary.en.things)}`
    return { text, label: labels[0] as string, labels }
  })
}

/** A corpus as a job reads it. */
export function toCorpus(rows: readonly LabelledText[]): TextCorpus {
  const names = [...new Set(rows.map(({ label }) => label))].sort()
  return {
    dataset: { name: 'reviews', version: 'v1' },
    fingerprint: 'f',
    texts: rows.map(({ text }) => text),
    labels: Int32Array.from(rows, ({ label }) => names.indexOf(label)),
    names,
    rowNumbers: Int32Array.from(rows, (_, row) => row + 1),
  }
}
