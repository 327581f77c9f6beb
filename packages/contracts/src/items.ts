import { Type, type Static } from 'typebox'

/** What a shop says of an item. Titles and descriptions may be in any language; Chinese and English are searched. */
export const ItemBodySchema = Type.Object(
  {
    title: Type.Optional(Type.String({ maxLength: 1024 })),
    description: Type.Optional(Type.String({ maxLength: 16_384 })),
    /** From the widest to the narrowest, for instance `["Kitchen", "Tea"]`. */
    categories: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 32 })),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 64 })),
    brand: Type.Optional(Type.String({ maxLength: 256 })),
    price: Type.Optional(Type.Number({ minimum: 0 })),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    imageUrl: Type.Optional(Type.String({ maxLength: 2048 })),
    url: Type.Optional(Type.String({ maxLength: 2048 })),
    /** False: never recommended. */
    available: Type.Optional(Type.Boolean()),
    /** Anything else that filters may name: scalars only. */
    attributes: Type.Optional(
      Type.Record(
        Type.String({ maxLength: 128 }),
        Type.Union([Type.String({ maxLength: 1024 }), Type.Number(), Type.Boolean()]),
      ),
    ),
  },
  { additionalProperties: false },
)
export type ItemBody = Static<typeof ItemBodySchema>

/**
 * An item as it stands in `rapport.items.v1`, keyed by `itemKey(tenant, id)`; a deleted item is a record with
 * `deleted: true` (so that its version is known) and later a tombstone. Of two records the higher version counts.
 */
export const ItemSchema = Type.Object({
  tenant: Type.String(),
  id: Type.String({ minLength: 1, maxLength: 256 }),
  version: Type.Integer({ minimum: 1 }),
  updatedAt: Type.String(),
  deleted: Type.Optional(Type.Literal(true)),
  body: ItemBodySchema,
})
export type Item = Static<typeof ItemSchema>

export const itemKey = (tenant: string, id: string): string => `${tenant}/${id}`
