export * from './open-filesystem-object-store.ts'
