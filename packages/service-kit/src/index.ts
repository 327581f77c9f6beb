export { AccessControl, startAccessControl, type AccessControlOptions } from './access/access-control.ts'
export { createApiKeyText, hashApiKey, isApiKeyText } from './access/api-key.ts'
export type { Principal } from './access/principal.ts'
export type { RateLimit } from './access/token-bucket.ts'
export { ConfigError, type ConfigProblem } from './config/config-error.ts'
export { readConfig, toEnvironment, type Environment } from './config/read-config.ts'
export { describeVariables, renderConfigTable } from './config/variables.ts'
export { HttpError, notFound, unavailable, type ErrorDetail, type HttpErrorOptions } from './http/http-error.ts'
export { addOperationsRoutes } from './http/operations-routes.ts'
export { addReferencePage } from './http/reference-page.ts'
export { createBaseServer, type BaseServerOptions, type HttpLimits, type HttpServer } from './http/base-server.ts'
export { createHttpServer, type HttpServerOptions } from './http/http-server.ts'
export { inflateStream, isGzip, type BodyRefusals } from './http/inflate-stream.ts'
export { ErrorRef } from './http/openapi.ts'
export { undeclaredBody, undeclaredBodyOf } from './http/validation.ts'
export { isAuthenticated } from './http/route-config.ts'
export { onwardTrace } from './http/request-traces.ts'
export { sendRendered } from './http/send-rendered.ts'
export { createLogger, logLevels, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
export { stopSignal } from './process/stop-signal.ts'
export type { HttpApp, Service, ServiceDependencies } from './service.ts'
export {
  createKey,
  createTenant,
  ensureAdminKey,
  listTenantAccess,
  revokeKey,
  type CreatedKey,
  type NewKey,
  type NewTenant,
} from './access/change-access.ts'
export type { AccessDependencies } from './access/announce-access.ts'
export { beginTenantRemoval, listTenantRemovals, readTenantRemoval, withdrawAccess } from './access/tenant-removal.ts'
export { readTenantAccess } from './access/access-records.ts'
export { awsEnvironment } from './process/aws-environment.ts'
export {
  connectDrivers,
  connectObjectStore,
  kafkaClientOptions,
  loadKafkaDriver,
  objectFolder,
  topicsOf,
  type Drivers,
} from './process/connect-drivers.ts'
export {
  EventLogSchema,
  ObjectStoreOnlySchema,
  StoresSchema,
  type ObjectStoreOnlyConfig,
  type StoresConfig,
} from './process/store-config.ts'
export { addDriverMetrics } from './process/driver-metrics.ts'
export { HttpProcessSchema, PlatformConfigSchema, type PlatformConfig } from './process/platform-config.ts'
export { processSchema, runHttpProcess, type RunHttpProcessOptions } from './process/run-http-process.ts'
export { serveService, type ServeServiceOptions } from './process/serve-service.ts'
export { runService, serviceSchema, type RunServiceOptions } from './process/run-service.ts'
