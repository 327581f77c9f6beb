export * from './recommender/item-scorer.ts'
