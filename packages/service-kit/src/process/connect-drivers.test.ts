import * as kafkajs from '@rapport/messaging/kafkajs'
import * as platformatic from '@rapport/messaging/platformatic'
import { expect, test } from 'vitest'
import { readConfig } from '../config/read-config.ts'
import { loadKafkaDriver, topicsOf } from './connect-drivers.ts'
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

test('the tenant of the starter models has no inbox, others have', () => {
  const read = (tenants: string) => topicsOf(readConfig(EventLogSchema, { RAPPORT_INBOX_TENANTS: tenants }))
  expect(read('acme').map(({ name }) => name)).toContain('rapport.inbox.acme.v1')
  expect(() => read('acme,starter')).toThrow(/RAPPORT_INBOX_TENANTS: the tenant "starter" has the starter models/)
})
