import { PlatformConfigSchema, readConfig } from '@rapport/service-kit'
import { fileURLToPath } from 'node:url'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { ControlConfigSchema, toControlConfig } from '../config.ts'
import { createStartTraining } from './training-process.ts'

const schema = Type.Object({ ...PlatformConfigSchema.properties, ...ControlConfigSchema.properties })
const entry = fileURLToPath(new URL('training-process.fixture.ts', import.meta.url))

const bucket = { RAPPORT_S3_BUCKET: 'models' }
const secrets = {
  RAPPORT_ADMIN_KEY: `rpt_${'a'.repeat(43)}`,
  RAPPORT_KAFKA_PASSWORD: 'of the brokers',
  AWS_BEARER_TOKEN_BEDROCK: 'of another service',
  AWS_SECRETS_OF_OTHERS: 'x',
  DATABASE_PASSWORD: 'y',
  PATH: '/usr/bin',
}

/** What a training process finds in its environment when the control plane's holds these variables. */
async function environmentOfTraining(env: Record<string, string>): Promise<Record<string, string>> {
  const { stores, keepVersions } = toControlConfig(readConfig(schema, env), env)
  let found: unknown
  const write = (fields: object): void => {
    if ('environment' in fields) found = fields.environment
  }
  const log = { debug: write, info: write, warn: write, error: write }
  const start = createStartTraining({ entry, stores, memoryMb: 256, keepVersions, logLevel: 'info', log })
  expect(await start({ tenant: 'tells-environment', id: 'job' }, 'owner').exited).toMatchObject({ code: 0 })
  return found as Record<string, string>
}

const isRapports = (name: string): boolean => name.startsWith('RAPPORT_')
/** What its native library reads when it loads. */
const tensorFlow = { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true' }
const isSecret = (name: string): boolean => name in secrets

const chains: Record<string, Record<string, string>> = {
  keys: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' },
  'a profile': { HOME: '/home/rapport', AWS_PROFILE: 'rapport', AWS_SHARED_CREDENTIALS_FILE: '/etc/aws/credentials' },
  'web identity': {
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/rapport',
    AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/token',
    AWS_ENDPOINT_URL_STS: 'https://sts.example.com',
  },
  'a container': {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/run/secrets/token',
  },
}

test.each(Object.entries(chains))('hands the AWS credentials of %s on and no other secret', async (_, chain) => {
  const environment = await environmentOfTraining({ ...bucket, ...chain, ...secrets })
  const others = Object.entries(environment).filter(([name]) => !isRapports(name))
  expect(Object.fromEntries(others)).toEqual({ ...chain, ...tensorFlow })
  expect(Object.keys(environment).filter(isSecret)).toEqual([])
  expect(environment).toMatchObject(bucket)
})

test.each<[string, Record<string, string>]>([
  [
    'the object store has keys of its own',
    { ...bucket, RAPPORT_S3_ACCESS_KEY_ID: 'a', RAPPORT_S3_SECRET_ACCESS_KEY: 'b' },
  ],
  ['there is no S3', {}],
])('hands no AWS credentials on where %s', async (_, stores) => {
  const environment = await environmentOfTraining({ ...stores, ...chains['keys'], ...chains['a profile'] })
  const others = Object.keys(environment).filter((name) => !isRapports(name))
  expect(others.sort()).toEqual(['HOME', ...Object.keys(tensorFlow)])
  expect(environment).toMatchObject(stores)
})
