import { afterAll, beforeAll, describe } from 'vitest'
import { InferenceCaller, type InferenceFixture, type Tried } from './inference-caller.ts'
import { describeErrorRules } from './error-suite.ts'
import { describeMetadataRules } from './metadata-suite.ts'
import { describeRequestRules } from './request-suite.ts'
import { describeTensorRules } from './tensor-suite.ts'

export interface ConformanceOptions {
  readonly open: () => Promise<InferenceFixture>
  /** Path of the protocol, `/v1/text/v2`. */
  readonly root: string
  readonly model: string
  readonly texts: Tried['texts']
}

/**
 * The rules of the Open Inference Protocol v2 over HTTP, one test each, for a service of text models.
 * Source: the protocol's specification, `inference_rest.md` and `open_inference_rest.yaml`.
 */
export function describeOpenInference({ open, root, model, texts }: ConformanceOptions): void {
  describe(`Open Inference Protocol v2 below ${root}`, () => {
    let fixture: InferenceFixture
    beforeAll(async () => {
      fixture = await open()
    })
    afterAll(() => fixture[Symbol.asyncDispose]())
    const tried: Tried = {
      caller: () => new InferenceCaller(fixture, { root, model }),
      fixture: () => fixture,
      model,
      texts,
    }
    describeMetadataRules(tried)
    describeRequestRules(tried)
    describeTensorRules(tried)
    describeErrorRules(tried)
  })
}
