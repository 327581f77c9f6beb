import * as kafkajs from '@rapport/messaging/kafkajs'
import * as platformatic from '@rapport/messaging/platformatic'
import { expect, test } from 'vitest'
import { readConfig } from '../config/read-config.ts'
import { loadKafkaDriver } from './connect-drivers.ts'
import { EventLogSchema } from './store-config.ts'

test.each([
  [{}, kafkajs],
  [{ RAPPORT_KAFKA_CLIENT: 'kafkajs' }, kafkajs],
  [{ RAPPORT_KAFKA_CLIENT: 'platformatic' }, platformatic],
])('the variables %j choose the client of Kafka', async (variables, driver) => {
  const loaded = await loadKafkaDriver(readConfig(EventLogSchema, variables))
  expect(loaded.openKafkaEventLog).toBe(driver.openKafkaEventLog)
})

test('a client that is none is refused by name', () => {
  expect(() => readConfig(EventLogSchema, { RAPPORT_KAFKA_CLIENT: 'librdkafka' })).toThrow('RAPPORT_KAFKA_CLIENT')
})
