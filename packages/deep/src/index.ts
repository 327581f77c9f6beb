export * from './backend/open-backend.ts'
