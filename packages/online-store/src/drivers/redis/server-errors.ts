import { RapportError } from '@rapport/core'
import { OnlineStoreInputError, StoreUnavailableError } from '../../errors.ts'

/** What each answer of a server that will pass means. */
const meanings: Readonly<Record<string, string>> = {
  OOM: 'its memory is full',
  LOADING: 'it is loading its data',
  READONLY: 'it is a replica',
  MASTERDOWN: 'it has lost its master',
  CLUSTERDOWN: 'the cluster does not serve this slot',
  TRYAGAIN: 'a slot is on its way to another node',
  MOVED: 'a slot has moved to another node',
  ASK: 'a slot is on its way to another node',
  MISCONF: 'it cannot write to its disk',
  BUSY: 'it is busy with a script',
  NOREPLICAS: 'it has too few replicas',
  NOSCRIPT: 'it forgot a script',
  NOAUTH: 'it asks for a password',
  WRONGPASS: 'it refused the user or password',
  NOPERM: 'the ACL of the user does not allow it',
  MAXCLIENTS: 'it has too many connections',
}
const CODE = new RegExp(String.raw`(?:^|[\s:])-?(${Object.keys(meanings).join('|')})\b`)

/** Words of answers that begin with ERR alone. */
const UNCODED = [
  ['max number of clients', 'MAXCLIENTS'],
  ["user executing the script can't", 'NOPERM'],
] as const

/** An error answer of the server, without the command: that may hold a password. */
export class ServerAnswerError extends Error {
  override readonly name = 'ServerAnswerError'
  /** One of those that pass. */
  readonly answer: string | undefined

  constructor(message: string) {
    super(message)
    this.answer = UNCODED.find(([words]) => message.includes(words))?.[1] ?? CODE.exec(message)?.[1]
  }
}

/** The name and message of an error of the client: its other properties may hold a command's arguments, passwords among them. */
export function withoutCommand(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  if (error.name === 'ReplyError') return new ServerAnswerError(error.message)
  const copy = new Error(error.message)
  copy.name = error.name
  return copy
}

/** Whether the server has answered, with whatever. */
export const isAnswer = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError'

export const isAnswerOf = (error: unknown, ...answers: readonly string[]): boolean =>
  isAnswer(error) && answers.includes(new ServerAnswerError((error as Error).message).answer ?? '')

/**
 * What a caller gets to see: everything of the environment can be tried again; an answer that only a bug can cause comes
 * as it is.
 */
export function toStoreError(what: string, error: unknown): Error {
  if (error instanceof RapportError || error instanceof OnlineStoreInputError) return error
  // A bug is no outage: a consumer that waited for it to end would wait for ever.
  if (error instanceof TypeError || error instanceof RangeError) return error
  const cause = withoutCommand(error)
  if (!(cause instanceof ServerAnswerError))
    return new StoreUnavailableError(`the online store could not ${what}: ${cause.message}`, { cause })
  if (cause.answer === undefined) return cause
  const meaning = meanings[cause.answer] ?? cause.answer
  return new StoreUnavailableError(`the online store could not ${what}: ${meaning}`, { cause })
}

/** Whether the error that a caller got says that the server's memory is full. */
export const isFull = (error: unknown): boolean =>
  error instanceof StoreUnavailableError && error.cause instanceof ServerAnswerError && error.cause.answer === 'OOM'

const timeoutName = 'TimeoutError'

/** What ends the wait for a server. */
export function timeoutError(message: string): Error {
  const error = new Error(message)
  error.name = timeoutName
  return error
}

/** Whether the error that a caller got says that the server did not answer in time. */
export const isTimedOut = (error: unknown): boolean =>
  error instanceof StoreUnavailableError && error.cause instanceof Error && error.cause.name === timeoutName
