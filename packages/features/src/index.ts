export * from './behaviour-reader.ts'
