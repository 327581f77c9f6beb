export { ControlConfigSchema, toControlConfig, type ControlConfig } from './config.ts'
export { createControlService, type ControlOverrides } from './service.ts'
export { tenantScopes } from './routes/tenants.ts'
