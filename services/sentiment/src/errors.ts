import { sentimentLimits } from '@rapport/contracts'
import { HttpError } from '@rapport/service-kit'

/** 413: the answer to a call would be too large. */
export const tooManySentences = (): HttpError =>
  new HttpError(
    413,
    'RPT_SENTIMENT_TOO_MANY_SENTENCES',
    `The documents of a call have at most ${sentimentLimits.callSentences} sentences together; a stream (application/x-ndjson) any number.`,
  )
