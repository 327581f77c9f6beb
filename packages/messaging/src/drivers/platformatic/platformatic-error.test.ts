import { AuthenticationError, NetworkError, ResponseError, TimeoutError } from '@platformatic/kafka'
import { describe, expect, test } from 'vitest'
import { isCertainlyNotWritten } from '../kafka/kafka-error.ts'
import { AnsweredError, fromPlatformatic } from './platformatic-error.ts'

const PRODUCE = 0
const FETCH = 1
const SASL_AUTHENTICATE = 36
const codes = { offsetOutOfRange: 1, notLeader: 6, timedOut: 7, tooLarge: 10, authenticationFailed: 58 }

describe('errors of an answer', () => {
  test('have the protocol’s name, and the broker’s words where it has any', () => {
    const failure = fromPlatformatic(
      new ResponseError(PRODUCE, 9, { '/responses/0/partition_responses/0': [codes.tooLarge, 'too much'] }, {}),
    )
    expect(failure).toMatchObject({
      type: 'MESSAGE_TOO_LARGE',
      message: 'MESSAGE_TOO_LARGE: too much',
      canRetry: false,
    })
  })

  test('a leader that is none any more has the name that the driver knows: nothing was written', () => {
    const failure = fromPlatformatic(
      new ResponseError(PRODUCE, 9, { '/responses/0/partition_responses/0': [codes.notLeader, null] }, {}),
    )
    expect([isCertainlyNotWritten(failure), failure.canRetry]).toEqual([true, true])
  })

  test('of several one that leaves open what was written is given, and never one of a single record', () => {
    const failure = fromPlatformatic(
      new ResponseError(
        PRODUCE,
        9,
        {
          '/responses/0/partition_responses/0/record_errors/0': [-1, 'a record'],
          '/responses/0/partition_responses/0': [codes.tooLarge, null],
          '/responses/0/partition_responses/1': [codes.timedOut, null],
        },
        {},
      ),
    )
    expect(failure.type).toBe('REQUEST_TIMED_OUT')
  })

  test('an offset out of range says of which partition', () => {
    const answer = { responses: [{ topicId: 'a', partitions: [{ partitionIndex: 2 }, { partitionIndex: 7 }] }] }
    const failure = fromPlatformatic(
      new ResponseError(FETCH, 12, { '/responses/0/partitions/1': [codes.offsetOutOfRange, null] }, answer),
    )
    expect(failure.place).toEqual({ topic: 'a', partition: 7 })
  })

  test('the answer is at hand and in nothing that is logged', () => {
    const answer = { offset: 5n, secret: 'of a customer' }
    const failure = fromPlatformatic(new ResponseError(FETCH, 12, { '/': [codes.timedOut, null] }, answer))
    expect(failure instanceof AnsweredError && failure.answer).toBe(answer)
    expect(JSON.stringify([failure, failure.cause ?? null, failure.stack])).not.toContain('customer')
  })
})

describe('errors on the way', () => {
  test('name the broker and the innermost reason', () => {
    const refused = Object.assign(new AggregateError([new Error('x')]), { code: 'ECONNREFUSED' })
    const failure = fromPlatformatic(new NetworkError('Connection to h:1 failed.', { cause: refused }))
    expect(failure).toMatchObject({ type: 'CONNECTION', canRetry: true })
    expect(failure.message).toContain('Connection to h:1 failed.: ECONNREFUSED')
  })

  test('a connection that is not made in time is one that failed', () => {
    expect(fromPlatformatic(new TimeoutError('late')).type).toBe('CONNECTION')
  })

  test('credentials are refused by the broker’s word, not by a connection that was lost meanwhile', () => {
    const word = new ResponseError(SASL_AUTHENTICATE, 2, { '/': [codes.authenticationFailed, null] }, {})
    const refused = new AuthenticationError('SASL authentication failed.', { cause: word })
    expect(fromPlatformatic(new NetworkError('Connection failed.', { cause: refused })).type).toBe('AUTHENTICATION')
    const lost = new AuthenticationError('Cannot find a suitable SASL mechanism.', {
      cause: new NetworkError('closed'),
    })
    expect(fromPlatformatic(new NetworkError('Connection failed.', { cause: lost })).type).toBe('CONNECTION')
  })

  test('anything else is the client’s', () => {
    expect(fromPlatformatic(new TypeError('no')).type).toBe('CLIENT')
    expect(fromPlatformatic('no').type).toBe('CLIENT')
  })
})
