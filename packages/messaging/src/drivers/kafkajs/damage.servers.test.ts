import { describe } from 'vitest'
import { describeDamage } from '../kafka/suite/damage-suite.ts'
import * as driver from './index.ts'
import { KafkaJsConnection } from './kafkajs-connection.ts'

describe('kafkajs', () => {
  describeDamage(driver, (brokers) => new KafkaJsConnection({ brokers }))
})
