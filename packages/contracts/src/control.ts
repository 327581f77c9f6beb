import { Type, type Static } from 'typebox'
import { ScopeSchema, TenantNameSchema } from './access.ts'
import { aliases, CanaryShareSchema, ModelAliasSchema, ModelManifestSchema } from './models.ts'

const closed = { additionalProperties: false } as const
const TimeSchema = Type.String({ format: 'date-time' })
const NameSchema = Type.String({ minLength: 1, maxLength: 128 })
const AliasNameSchema = Type.Enum(aliases)
/** Names of models and versions: parts of object keys. */
export const ModelNameSchema = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' })
export const ModelVersionNameSchema = Type.String({ pattern: '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$' })

/** `GET /v1/tenants/self`: who the key is. */
export const SelfSchema = Type.Object(
  { tenant: Type.String(), keyId: Type.String(), scopes: Type.Array(ScopeSchema) },
  closed,
)
export type Self = Static<typeof SelfSchema>

/** A key as it is listed: never its text, never its hash. */
export const KeySchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    scopes: Type.Array(ScopeSchema),
    createdAt: TimeSchema,
    revokedAt: Type.Optional(TimeSchema),
  },
  closed,
)
export type Key = Static<typeof KeySchema>
export const KeyListSchema = Type.Object({ keys: Type.Array(KeySchema) }, closed)

/** `POST /v1/keys`. */
export const CreateKeySchema = Type.Object(
  { name: NameSchema, scopes: Type.Array(ScopeSchema, { minItems: 1, maxItems: 32 }) },
  closed,
)
export type CreateKey = Static<typeof CreateKeySchema>
/** A new key: the only time its text is shown. */
export const CreatedKeySchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    scopes: Type.Array(ScopeSchema),
    createdAt: TimeSchema,
    key: Type.String({ description: 'The key itself. It is shown now and kept nowhere.' }),
  },
  closed,
)
export type CreatedKeyAnswer = Static<typeof CreatedKeySchema>

/** `POST /v1/tenants`. */
export const CreateTenantSchema = Type.Object({ tenant: TenantNameSchema, keyName: Type.Optional(NameSchema) }, closed)
export type CreateTenant = Static<typeof CreateTenantSchema>
export const CreatedTenantSchema = Type.Object(
  { tenant: Type.String(), createdAt: TimeSchema, key: CreatedKeySchema },
  closed,
)
export type CreatedTenant = Static<typeof CreatedTenantSchema>
export const TenantListSchema = Type.Object(
  {
    tenants: Type.Array(
      Type.Object(
        {
          tenant: Type.String(),
          createdAt: TimeSchema,
          liveKeys: Type.Integer({ minimum: 0, description: 'Keys that are not revoked.' }),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type TenantList = Static<typeof TenantListSchema>

export const TenantParamsSchema = Type.Object({ tenant: TenantNameSchema })
/** `GET` and `DELETE /v1/tenants/{tenant}`. A tenant whose removal has ended is not there any more: 404. */
export const TenantStatusSchema = Type.Union([
  Type.Object(
    {
      tenant: Type.String(),
      state: Type.Literal('active'),
      createdAt: TimeSchema,
      liveKeys: Type.Integer({ minimum: 0, description: 'Keys that are not revoked.' }),
    },
    closed,
  ),
  Type.Object(
    {
      tenant: Type.String(),
      state: Type.Literal('removing', { description: 'Its keys have stopped; its data are being removed.' }),
      requestedAt: TimeSchema,
    },
    closed,
  ),
])
export type TenantStatus = Static<typeof TenantStatusSchema>

/** An alias with its name, as the API answers it. */
export const AliasAnswerSchema = Type.Object({ alias: AliasNameSchema, ...ModelAliasSchema.properties }, closed)
export type AliasAnswer = Static<typeof AliasAnswerSchema>

/** `GET /v1/models`. */
export const ModelListSchema = Type.Object(
  { models: Type.Array(Type.Object({ name: Type.String(), aliases: Type.Array(AliasAnswerSchema) }, closed)) },
  closed,
)
export type ModelList = Static<typeof ModelListSchema>

/** A version without its files and parameters. */
export const ModelVersionSchema = Type.Object(
  {
    version: Type.String(),
    task: Type.String(),
    algorithm: Type.String(),
    createdAt: Type.String(),
    metrics: ModelManifestSchema.properties.metrics,
    data: ModelManifestSchema.properties.data,
    bytes: Type.Integer({ minimum: 0 }),
    /** Aliases that name this version. */
    aliases: Type.Array(AliasNameSchema),
  },
  closed,
)
export type ModelVersion = Static<typeof ModelVersionSchema>
/** `GET /v1/models/{name}`: versions newest first. */
export const ModelSchema = Type.Object(
  { name: Type.String(), aliases: Type.Array(AliasAnswerSchema), versions: Type.Array(ModelVersionSchema) },
  closed,
)
export type Model = Static<typeof ModelSchema>

/** `POST /v1/models/{name}/promote`: the alias is `champion` when none is named. A challenger without a share answers nobody. */
export const PromoteSchema = Type.Object(
  {
    version: ModelVersionNameSchema,
    alias: Type.Optional(AliasNameSchema),
    share: Type.Optional(CanaryShareSchema),
  },
  closed,
)
/** `POST /v1/models/{name}/rollback`: to `version`, or to the one that the alias named before. */
export const RollbackSchema = Type.Object(
  { version: Type.Optional(ModelVersionNameSchema), alias: Type.Optional(AliasNameSchema) },
  closed,
)
