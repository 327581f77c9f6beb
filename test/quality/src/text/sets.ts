import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { hasFiles, readLines } from '../data/files.ts'
import {
  readCsvTexts,
  readTextLines,
  readZippedTexts,
  splitByHash,
  type LabelledText,
  type TextSplit,
} from '../data/labelled-texts.ts'
import { textFiles, treebankFile, type TreebankKind } from '../data/text-files.ts'
import type { QualitySet } from '../report/quality-set.ts'
import { toQualitySet, type TextSet } from './measure-cells.ts'
import { readTreebank, toThreeClasses } from './treebank.ts'

const { shopReviews, carForum, hotelReviews, movieReviews, newsTitles, bankMessages } = textFiles

const readShop =
  (label: string) =>
  async (dataDir: string): Promise<TextSplit> =>
    splitByHash(await readZippedTexts(dataDir, shopReviews, { text: 'review', label }), 5)
const hasShop = (dataDir: string): boolean => existsSync(join(dataDir, shopReviews))
const readCars =
  (label: string) =>
  async (dataDir: string): Promise<TextSplit> =>
    splitByHash(await readCsvTexts(dataDir, carForum, { text: 'content', label }), 5)
const hasCars = (dataDir: string): boolean => hasFiles(dataDir, carForum)

const accuracy = (percent: number, macroF1Percent?: number): { accuracy: number; macroF1?: number } => ({
  accuracy: percent / 100,
  ...(macroF1Percent !== undefined && { macroF1: macroF1Percent / 100 }),
})

const readTreebankSplit =
  (kind: TreebankKind, labelOf: (label: string) => string) =>
  async (dataDir: string): Promise<TextSplit> => ({
    train: await readTreebank(dataDir, kind, 'train', labelOf),
    test: await readTreebank(dataDir, kind, 'test', labelOf),
  })
const hasTreebank = (kind: TreebankKind) => (dataDir: string) =>
  hasFiles(dataDir, treebankFile(kind, 'train'), treebankFile(kind, 'test'))

async function readMovieReviews(dataDir: string): Promise<TextSplit> {
  const rows: LabelledText[] = []
  for (const path of movieReviews) {
    for (const line of await readLines(dataDir, path)) rows.push({ text: line.trim(), label: path })
  }
  return splitByHash(rows, 10)
}

const text: readonly TextSet[] = [
  {
    name: 'chnsenticorp',
    title: 'ChnSentiCorp, hotel reviews: positive or negative',
    features: 'char123',
    reference: {
      mnb: accuracy(89),
      cnb: accuracy(87.5),
      svm: accuracy(89.5, 87.3),
      logreg: accuracy(89.2),
      rf: { ...accuracy(85.2), features: 'jieba12' },
    },
    winner: { metric: 'accuracy', atLeast: 0.89 },
    networks: {
      'text-cnn': { atLeast: 0.86 },
      bilstm: { atLeast: 0.865 },
      'cnn-lstm': { within: 0.02, of: ['text-cnn', 'bilstm'] },
    },
    isPresent: (dataDir) => hasFiles(dataDir, hotelReviews),
    read: async (dataDir) =>
      splitByHash(await readCsvTexts(dataDir, hotelReviews, { text: 'review', label: 'label' }), 5),
  },
  {
    name: 'online-shopping-topics',
    title: 'Shop reviews: 10 kinds of products',
    features: 'char123',
    reference: { mnb: accuracy(88), cnb: accuracy(89), svm: accuracy(90.3, 89.3), logreg: accuracy(90.1) },
    winner: { metric: 'accuracy', atLeast: 0.9 },
    isPresent: hasShop,
    read: readShop('cat'),
  },
  {
    name: 'ccf-topics',
    title: 'Car forum: 10 topics',
    features: 'jieba12',
    reference: {},
    winner: { metric: 'accuracy' },
    isPresent: hasCars,
    read: readCars('subject'),
  },
  {
    name: 'thucnews-titles',
    title: 'THUCNews titles: 10 subjects',
    features: 'char123',
    reference: { mnb: accuracy(85.6), cnb: accuracy(85.8), svm: accuracy(87.8, 87.7) },
    winner: { metric: 'accuracy', atLeast: 0.875 },
    isPresent: (dataDir) => hasFiles(dataDir, newsTitles.train, newsTitles.test),
    read: async (dataDir) => ({
      train: await readTextLines(dataDir, newsTitles.train, 'text-tab-label'),
      test: await readTextLines(dataDir, newsTitles.test, 'text-tab-label'),
    }),
  },
  {
    name: 'banking77',
    title: 'BANKING77: 77 intents',
    features: 'word12',
    reference: { mnb: accuracy(85.4), cnb: accuracy(78.8), svm: accuracy(89.1, 89.1) },
    winner: { metric: 'accuracy', atLeast: 0.895 },
    networks: { 'text-cnn': { atLeast: 0.895 } },
    isPresent: (dataDir) => hasFiles(dataDir, bankMessages.train, bankMessages.test),
    read: async (dataDir) => ({
      train: await readCsvTexts(dataDir, bankMessages.train, { text: 'text', label: 'category' }),
      test: await readCsvTexts(dataDir, bankMessages.test, { text: 'text', label: 'category' }),
    }),
  },
  {
    name: 'mr',
    title: 'Movie reviews (Pang and Lee 2005), fold 0: positive or negative',
    features: 'word12',
    reference: { mnb: accuracy(77), cnb: accuracy(77), svm: accuracy(78.2), logreg: accuracy(78), rf: accuracy(68.6) },
    winner: { metric: 'accuracy', atLeast: 0.775 },
    isPresent: (dataDir) => hasFiles(dataDir, ...movieReviews),
    read: readMovieReviews,
  },
]

const sentiment: readonly TextSet[] = [
  {
    name: 'online-shopping-sentiment',
    title: 'Shop reviews: positive or negative',
    features: 'jieba12',
    reference: { mnb: accuracy(93.1), cnb: accuracy(93.2), svm: accuracy(93.7), logreg: accuracy(93.7) },
    winner: { metric: 'accuracy', atLeast: 0.933 },
    isPresent: hasShop,
    read: readShop('label'),
  },
  {
    name: 'ccf-three-class',
    title: 'Car forum: negative, neutral, positive',
    features: 'jieba12',
    reference: {
      mnb: accuracy(68.3, 40.5),
      cnb: accuracy(68.2, 47.2),
      svm: accuracy(69.4, 49.3),
      logreg: accuracy(69.4, 49.5),
      rf: accuracy(66.9),
    },
    winner: { metric: 'macroF1', atLeast: 0.49 },
    isPresent: hasCars,
    read: readCars('sentiment_value'),
  },
  {
    name: 'sst-2',
    title: 'Stanford sentiment treebank: positive or negative',
    features: 'word12',
    reference: {
      mnb: accuracy(81.1),
      cnb: accuracy(82),
      svm: accuracy(81.1),
      logreg: accuracy(81.2),
      rf: accuracy(74.1),
    },
    winner: { metric: 'accuracy', atLeast: 0.815 },
    networks: { 'text-cnn': { atLeast: 0.785 } },
    isPresent: hasTreebank('binary'),
    read: readTreebankSplit('binary', (label) => label),
  },
  {
    name: 'sst-three-class',
    title: 'Stanford sentiment treebank: negative, neutral, positive',
    features: 'word12',
    reference: {
      mnb: accuracy(64.8, 51.9),
      cnb: accuracy(65.3, 55),
      svm: accuracy(64.3, 53.6),
      logreg: accuracy(63.7),
      rf: accuracy(59.7),
    },
    winner: { metric: 'macroF1', atLeast: 0.545 },
    isPresent: hasTreebank('fine'),
    read: readTreebankSplit('fine', toThreeClasses),
  },
]

const bySetName = (sets: readonly TextSet[]): Readonly<Record<string, QualitySet>> =>
  Object.fromEntries(sets.map((set) => [set.name, toQualitySet(set)]))

export const textSets = bySetName(text)
export const sentimentSets = bySetName(sentiment)
