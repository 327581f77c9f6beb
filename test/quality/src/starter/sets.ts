import type { TextTask } from '@rapport/contracts'
import { sentimentBar } from '@rapport/starter-texts/release'
import { hasFiles } from '../data/files.ts'
import { readCsvTexts, readZippedTexts, type LabelledText } from '../data/labelled-texts.ts'
import { textFiles, treebankFile } from '../data/text-files.ts'
import type { QualitySet } from '../report/quality-set.ts'
import { readTreebank, toThreeClasses } from '../text/treebank.ts'
import { measureStarter } from './measure-starter.ts'

const { hotelReviews, shopReviews, bankMessages } = textFiles

const toSentiment = (label: string): string => (label === '1' ? 'positive' : 'negative')

/** Intents of a bank's customers that are topics of a shop's, too. */
const topicOfIntent: Readonly<Record<string, string>> = {
  card_arrival: 'delivery',
  card_delivery_estimate: 'delivery',
  request_refund: 'refund',
  Refund_not_showing_up: 'refund',
  card_not_working: 'defect',
  contactless_not_working: 'defect',
  virtual_card_not_working: 'defect',
  declined_card_payment: 'payment',
  transaction_charged_twice: 'payment',
  pending_card_payment: 'payment',
  extra_charge_on_statement: 'payment',
  passcode_forgotten: 'account',
  edit_personal_details: 'account',
  terminate_account: 'account',
}

interface StarterSet {
  readonly task: TextTask
  readonly title: string
  readonly files: readonly string[]
  /** The texts that are measured, with labels of the model. */
  readonly read: (dataDir: string) => Promise<readonly LabelledText[]>
}

const sets: Readonly<Record<string, StarterSet>> = {
  chnsenticorp: {
    task: 'sentiment',
    title: 'Sentiment on ChnSentiCorp, all hotel reviews: positive or negative',
    files: [hotelReviews],
    read: async (dataDir) =>
      relabel(await readCsvTexts(dataDir, hotelReviews, { text: 'review', label: 'label' }), toSentiment),
  },
  'sst-2': {
    task: 'sentiment',
    title: 'Sentiment on the test part of Stanford’s sentiment treebank: positive or negative',
    files: [treebankFile('binary', 'test')],
    read: (dataDir) => readTreebank(dataDir, 'binary', 'test', toSentiment),
  },
  'online-shopping-sentiment': {
    task: 'sentiment',
    title: 'Sentiment on all shop reviews: positive or negative',
    files: [shopReviews],
    read: async (dataDir) =>
      relabel(await readZippedTexts(dataDir, shopReviews, { text: 'review', label: 'label' }), toSentiment),
  },
  'sst-three-class': {
    task: 'sentiment',
    title: 'Sentiment on the test part of Stanford’s sentiment treebank: negative, neutral, positive',
    files: [treebankFile('fine', 'test')],
    read: (dataDir) => readTreebank(dataDir, 'fine', 'test', toThreeClasses),
  },
  'banking77-topics': {
    task: 'text-classification',
    title: 'Topics on the test part of BANKING77: 14 intents that are topics of a shop, among 10 topics',
    files: [bankMessages.test],
    read: async (dataDir) => {
      const rows = await readCsvTexts(dataDir, bankMessages.test, { text: 'text', label: 'category' })
      const mapped = rows.filter(({ label }) => Object.hasOwn(topicOfIntent, label))
      return relabel(mapped, (label) => topicOfIntent[label] as string)
    },
  },
}

const relabel = (rows: readonly LabelledText[], of: (label: string) => string): readonly LabelledText[] =>
  rows.map(({ text, label }) => ({ text, label: of(label) }))

/** The starter models on real texts, as they are trained on a first start. */
export const starterSets: Readonly<Record<string, QualitySet>> = Object.fromEntries(
  Object.entries(sets).map(([name, set]) => [name, toQualitySet(name, set)]),
)

function toQualitySet(name: string, { task, title, files, read }: StarterSet): QualitySet {
  const isBarred = sentimentBar.sets.some((set) => set === name)
  return {
    title,
    noteHeading: 'revision',
    bars: isBarred ? [{ model: 'starter', metric: 'accuracy', atLeast: sentimentBar.accuracy }] : [],
    isPresent: (dataDir) => hasFiles(dataDir, ...files),
    measure: async (dataDir, say) => [await measureStarter({ name, task }, await read(dataDir), say)],
  }
}
