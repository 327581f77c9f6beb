export * from './check-applications.ts'
export * from './errors.ts'
export * from './keys.ts'
export * from './online-store.ts'
