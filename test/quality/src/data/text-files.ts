/** Paths of public data sets of labelled texts below the data folder. */
export const textFiles = {
  shopReviews: 'online-shopping-10-cats/online_shopping_10_cats.zip',
  hotelReviews: 'chnsenticorp/ChnSentiCorp_htl_all.csv',
  carForum: 'ccf-bdci2018-auto/train.csv',
  movieReviews: ['mr-sst/rt-polarity.neg', 'mr-sst/rt-polarity.pos'],
  newsTitles: { train: 'thucnews-titles/dev.txt', test: 'thucnews-titles/test.txt' },
  bankMessages: { train: 'banking77/train.csv', test: 'banking77/test.csv' },
} as const

/** Stanford's sentiment treebank: with two labels, or with five. */
export type TreebankKind = 'binary' | 'fine'

export const treebankFile = (kind: TreebankKind, part: 'train' | 'test'): string => `mr-sst/stsa.${kind}.${part}`
