/** Where the three servers are, in the variables from which tests and services read it. */
export interface Endpoints {
  readonly kafka: { readonly RAPPORT_KAFKA_BROKERS: string }
  readonly redis: { readonly RAPPORT_REDIS_URL: string }
  readonly s3: {
    readonly RAPPORT_S3_ENDPOINT: string
    readonly RAPPORT_S3_REGION: string
    readonly RAPPORT_S3_ACCESS_KEY_ID: string
    readonly RAPPORT_S3_SECRET_ACCESS_KEY: string
  }
}

export type ServerKind = keyof Endpoints

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The endpoints that the environment names; each server for itself.
 * @throws Error when an S3 endpoint comes without its keys.
 */
export function readEndpoints(environment: Environment): Partial<Endpoints> {
  const brokers = environment['RAPPORT_KAFKA_BROKERS']
  const redisUrl = environment['RAPPORT_REDIS_URL']
  return {
    ...(isGiven(brokers) ? { kafka: { RAPPORT_KAFKA_BROKERS: brokers } } : {}),
    ...(isGiven(redisUrl) ? { redis: { RAPPORT_REDIS_URL: redisUrl } } : {}),
    ...readS3(environment),
  }
}

function readS3(environment: Environment): Pick<Partial<Endpoints>, 's3'> {
  const endpoint = environment['RAPPORT_S3_ENDPOINT']
  if (!isGiven(endpoint)) return {}
  const keyId = environment['RAPPORT_S3_ACCESS_KEY_ID']
  const secret = environment['RAPPORT_S3_SECRET_ACCESS_KEY']
  if (!isGiven(keyId) || !isGiven(secret))
    throw new Error('RAPPORT_S3_ENDPOINT needs RAPPORT_S3_ACCESS_KEY_ID and RAPPORT_S3_SECRET_ACCESS_KEY beside it.')
  const region = environment['RAPPORT_S3_REGION']
  return {
    s3: {
      RAPPORT_S3_ENDPOINT: endpoint,
      RAPPORT_S3_REGION: isGiven(region) ? region : 'us-east-1',
      RAPPORT_S3_ACCESS_KEY_ID: keyId,
      RAPPORT_S3_SECRET_ACCESS_KEY: secret,
    },
  }
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
