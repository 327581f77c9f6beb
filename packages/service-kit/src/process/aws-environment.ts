import type { Environment } from '../config/read-config.ts'
import { namesS3 } from './connect-drivers.ts'
import type { ObjectStoreConfig } from './store-config.ts'

/** What the default chain of the AWS SDK for JavaScript (3.1173.0) reads to find credentials and to call those who give them. */
const chainVariables: readonly string[] = [
  // Keys.
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_CREDENTIAL_SCOPE',
  'AWS_ACCOUNT_ID',
  // Shared files, and where they are when nobody says.
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_LOGIN_CACHE_DIRECTORY',
  'HOME',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  // Web identity.
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  // Containers.
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  // Instances.
  'AWS_EC2_METADATA_DISABLED',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE',
  'AWS_EC2_METADATA_V1_DISABLED',
  // Where the services are that give credentials for a role, a single sign-on or a login.
  'AWS_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_STS',
  'AWS_ENDPOINT_URL_SSO',
  'AWS_ENDPOINT_URL_SSO_OIDC',
  'AWS_ENDPOINT_URL_SIGNIN',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
]

/**
 * The variables by which another process finds the credentials of the object store where this one finds them; none where
 * the configuration holds keys of its own, or names no S3.
 */
export function awsEnvironment(config: ObjectStoreConfig, env: Environment): Record<string, string> {
  const hasKeys = config.RAPPORT_S3_ACCESS_KEY_ID !== undefined && config.RAPPORT_S3_SECRET_ACCESS_KEY !== undefined
  if (!namesS3(config) || hasKeys) return {}
  return Object.fromEntries(
    chainVariables.flatMap((name) => {
      const value = env[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}
