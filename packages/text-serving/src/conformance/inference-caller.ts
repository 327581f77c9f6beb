import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { expect } from 'vitest'
import type { TextDesk } from '../testing.ts'
import { ErrorForm, InferenceForm, ModelForm } from './open-inference-forms.ts'

/** A service under test: its model serves, and has more versions than the one that does. */
export interface InferenceFixture extends AsyncDisposable, Pick<TextDesk<never>, 'request'> {
  /** Text of a key that may do everything but label texts. */
  readonly foreignKey: string
}

export type InferenceAnswer = Static<typeof InferenceForm>
export type DescribedModel = Static<typeof ModelForm>
type Headers = Readonly<Record<string, string>>
interface Refused {
  readonly status: number
  /** POST with a body and GET without, if not named. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: object | string
  readonly headers?: Headers
}

/** A tensor of texts, of shape [n] unless `more` says another. */
export const textTensor = (data: readonly unknown[], more: object = {}): object => ({
  name: 'text',
  shape: [data.length],
  datatype: 'BYTES',
  data,
  ...more,
})

/** Calls one model below a service's `…/v2`; every answer's form, status and content type are checked. */
export class InferenceCaller {
  private readonly fixture: InferenceFixture
  private readonly root: string
  private readonly model: string

  constructor(fixture: InferenceFixture, { root, model }: { readonly root: string; readonly model: string }) {
    this.fixture = fixture
    this.root = root
    this.model = model
  }

  /** A 200 of this form. */
  async get<Form extends TSchema>(path: string, form: Form): Promise<Static<Form>> {
    return checked(await this.fixture.request('GET', this.root + path), 200, form)
  }

  /** A 200 for one text or for a whole request. */
  infer(request: object, path = `/models/${this.model}/infer`): Promise<InferenceAnswer> {
    return this.send(request, { path })
  }

  async send(body: object | string, { path, headers }: { path?: string; headers?: Headers }): Promise<InferenceAnswer> {
    const url = `${this.root}${path ?? `/models/${this.model}/infer`}`
    return checked(await this.fixture.request('POST', url, body, headers), 200, InferenceForm)
  }

  /** Why a request is refused, which must be with this status. */
  async refusal(status: number, body: object | string, headers?: Headers): Promise<string> {
    return this.refusalAt(`/models/${this.model}/infer`, { status, body, ...(headers && { headers }) })
  }

  async refusalAt(path: string, { status, method, body, headers }: Refused): Promise<string> {
    const usual = body === undefined ? 'GET' : 'POST'
    const answer = await this.fixture.request(method ?? usual, this.root + path, body, headers)
    return checked(answer, status, ErrorForm).error
  }

  /** The model's metadata; of one version where it is named. */
  describe(version?: string): Promise<DescribedModel> {
    return this.get(`/models/${this.model}${version === undefined ? '' : `/versions/${version}`}`, ModelForm)
  }
}

type Injected = Awaited<ReturnType<InferenceFixture['request']>>

function checked<Form extends TSchema>(answer: Injected, status: number, form: Form): Static<Form> {
  // The body says why where the status is another.
  expect([answer.statusCode, answer.body]).toEqual([status, expect.any(String)])
  expect(answer.headers['content-type']).toBe('application/json')
  expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(answer.body))
  const body: unknown = answer.json()
  expect(Value.Errors(form, body)).toEqual([])
  return body as Static<Form>
}

/** What a rule is tried on; only there once the tests run. */
export interface Tried {
  readonly caller: () => InferenceCaller
  readonly fixture: () => InferenceFixture
  readonly model: string
  /** Texts of which the model says different things. */
  readonly texts: readonly [string, string, string, string]
}
