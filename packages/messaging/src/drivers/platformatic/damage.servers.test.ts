import { describe } from 'vitest'
import { describeDamage } from '../kafka/suite/damage-suite.ts'
import * as driver from './index.ts'
import { PlatformaticConnection } from './platformatic-connection.ts'

describe('@platformatic/kafka', () => {
  describeDamage(driver, (brokers) => new PlatformaticConnection({ brokers }))
})
