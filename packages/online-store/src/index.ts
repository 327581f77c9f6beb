export * from './online-store.ts'
