import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Jieba } from '@node-rs/jieba'
import { RapportError } from '@rapport/core'
import { argumentError } from '../errors.ts'

/** A word that the dictionary of the segmentation gets besides its own. */
export interface UserWord {
  readonly word: string
  /** Occurrences, as if in the dictionary's corpus of 60 million words. Default 100,000, above any split into common words. */
  readonly frequency?: number
}

/** Cuts a text into words; these, joined, are the text. */
export type Segmenter = (text: string) => readonly string[]

const defaultFrequency = 100_000

/**
 * Memory of a segmentation with words of its own: 42 MB were measured, with 10 words as with 2,000 (ten of each, by RSS).
 * It is given back when V8 collects, so that for a while some that nobody holds any more take theirs, too.
 */
export const ownSegmenterBytes = 45_000_000

let shared: Segmenter | undefined
/**
 * V8 knows nothing of native memory and would let it grow: of ten segmentations, each dropped before the next, none was
 * collected. Arrays as large, on which no page is spent since nothing is written to them, tell it: two to four of twenty
 * stayed.
 */
const weights = new WeakMap<Segmenter, ArrayBuffer>()
/** Those with words of their own, by these, as long as anybody holds them: each takes what the shared one does. */
const held = new Map<string, WeakRef<Segmenter>>()
const released = new FinalizationRegistry<string>((key) => {
  if (held.get(key)?.deref() === undefined) held.delete(key)
})

/**
 * Chinese word segmentation by jieba (dictionary with a hidden Markov model for unknown words). The native library and
 * its dictionary (about 70 MB) are loaded by the first call and shared by all of the same words. Throws
 * RPT_TEXT_SEGMENTER_UNAVAILABLE where no native build for the platform is installed, RPT_TEXT_ARGUMENT_INVALID on a
 * word that the dictionary cannot hold.
 */
export function createSegmenter(userWords: readonly UserWord[] = []): Segmenter {
  if (userWords.length === 0) return (shared ??= load(''))
  const lines = userWords.map(toDictionaryLine).join('\n')
  const known = held.get(lines)?.deref()
  if (known !== undefined) return known
  const segmenter = load(lines)
  weights.set(segmenter, new ArrayBuffer(ownSegmenterBytes))
  held.set(lines, new WeakRef(segmenter))
  released.register(segmenter, lines)
  return segmenter
}

function load(lines: string): Segmenter {
  const { Jieba, dictionary } = requireJieba()
  const jieba = Jieba.withDict(dictionary)
  if (lines !== '') jieba.loadDict(Buffer.from(lines, 'utf8'))
  return (text) => jieba.cut(text, true)
}

function toDictionaryLine({ word, frequency = defaultFrequency }: UserWord): string {
  if (word === '' || /\s/u.test(word)) throw argumentError('userWords', `holds ${JSON.stringify(word)}: no single word`)
  if (!Number.isInteger(frequency) || frequency < 1) {
    throw argumentError('userWords', `gives ${word} the frequency ${frequency}, not a positive integer`)
  }
  return `${word} ${frequency} n`
}

/**
 * Loaded on first use, since an import would cost every process that only searches the native library; the dictionary is
 * read as a file, since the package's own module for it keeps it, and another one, in memory for ever.
 */
function requireJieba(): { readonly Jieba: typeof Jieba; readonly dictionary: Uint8Array } {
  const require = createRequire(import.meta.url)
  try {
    const library = require('@node-rs/jieba') as { readonly Jieba: typeof Jieba }
    return { Jieba: library.Jieba, dictionary: readFileSync(require.resolve('@node-rs/jieba/dict.txt')) }
  } catch (cause) {
    throw new RapportError('RPT_TEXT_SEGMENTER_UNAVAILABLE', 'the word segmentation has no build for this platform', {
      cause,
    })
  }
}
