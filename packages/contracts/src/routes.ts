/** Which service owns which path prefix. A prefix has one owner, so a gateway routes by it. */
export const routePrefixes = {
  ingestion: [
    '/v1/track',
    '/v1/identify',
    '/v1/page',
    '/v1/screen',
    '/v1/group',
    '/v1/alias',
    '/v1/batch',
    '/v1/import',
    '/v1/items',
    '/v1/events',
    '/v1/dead-letters',
  ],
  feature: ['/v1/features', '/v1/users', '/v1/state'],
  recommendation: ['/v1/recommendations'],
  'text-classification': ['/v1/text'],
  sentiment: ['/v1/sentiment'],
  control: ['/v1/tenants', '/v1/keys', '/v1/datasets', '/v1/training-jobs', '/v1/models'],
} as const satisfies Record<string, readonly string[]>

export type ServiceName = keyof typeof routePrefixes
