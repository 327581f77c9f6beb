import { createRequire } from 'node:module'
import type { AuthenticationProviderArgs, Mechanism } from 'kafkajs'
import type { SaslOptions } from '../kafka/client-options.ts'
import { fromKafkaJs } from './kafkajs-error.ts'

type Provider = Mechanism['authenticationProvider']

const require = createRequire(import.meta.url)
const files = { plain: 'plain', 'scram-sha-256': 'scram256', 'scram-sha-512': 'scram512' } as const
const providerOf = (sasl: SaslOptions): Provider =>
  (require(`kafkajs/src/broker/saslAuthenticator/${files[sasl.mechanism]}`) as (sasl: SaslOptions) => Provider)(sasl)

/**
 * kafkajs's own ways to log in. By themselves they take whatever fails in a login for refused credentials and leave out
 * the cause: a broker that stops meanwhile, too. Here a connection that was lost stays one.
 */
export function toMechanism(sasl: SaslOptions): Mechanism {
  const provider = providerOf(sasl)
  return {
    mechanism: sasl.mechanism,
    authenticationProvider: (args) => {
      let failure: unknown
      const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async (step) => {
        try {
          return await args.saslAuthenticate(step)
        } catch (error) {
          failure = error
          throw error
        }
      }
      const login = provider({ ...args, saslAuthenticate })
      return {
        authenticate: async () => {
          try {
            await login.authenticate()
          } catch (error) {
            throw isOfTheWay(failure) ? failure : error
          }
        },
      }
    },
  }
}

const isOfTheWay = (failure: unknown): boolean => ['CONNECTION', 'REQUEST_TIMEOUT'].includes(fromKafkaJs(failure).type)
