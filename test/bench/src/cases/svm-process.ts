// A linear SVM on the shop reviews in a process of its own: svm-process.ts DATA_DIR
import { trainLinearSvm } from '@rapport/ml'
import { readZippedTexts } from '@rapport/test-quality/labelled-texts'
import { fitTextVectorizer } from '@rapport/text'

const rows = await readZippedTexts(process.argv[2] ?? '', 'online-shopping-10-cats/online_shopping_10_cats.zip', {
  text: 'review',
  label: 'cat',
})
const names = [...new Set(rows.map(({ label }) => label))].toSorted()
const texts = rows.map(({ text }) => text)
const labels = Int32Array.from(rows, ({ label }) => names.indexOf(label))
const startMs = performance.now()
const { matrix } = fitTextVectorizer(texts, {
  analyzer: 'char',
  ngrams: [1, 3],
  minDf: 2,
  sublinearTf: true,
  normalization: 'none',
})
const vectorisedMs = performance.now()
await trainLinearSvm(matrix, labels, { classes: names.length, cost: 1 })
const endMs = performance.now()
console.log(
  JSON.stringify({
    seconds: (endMs - startMs) / 1000,
    'vectorising seconds': (vectorisedMs - startMs) / 1000,
    'training seconds': (endMs - vectorisedMs) / 1000,
    rows: rows.length,
    features: matrix.columns,
    'peak resident MiB': process.resourceUsage().maxRSS / 1024,
  }),
)
