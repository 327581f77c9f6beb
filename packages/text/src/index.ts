export * from './normalize.ts'
export * from './tf-idf-index.ts'
export * from './tokens.ts'
