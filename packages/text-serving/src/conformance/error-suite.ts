import { describe, expect, it } from 'vitest'
import { textTensor, type Tried } from './inference-caller.ts'

const json = { 'content-type': 'application/json' }

export function describeErrorRules({ caller, fixture, model, texts }: Tried): void {
  const request = { inputs: [textTensor(texts)] }
  const paths = ['', '/health/live', '/health/ready', `/models/${model}`, `/models/${model}/ready`]

  describe('errors, which are {"error": why} with a status of 400 or more', () => {
    it('400: what is sent is no JSON, or no request', async () => {
      for (const body of ['{', '[]', 'null', '"text"', '{}', '']) {
        expect(await caller().refusal(400, body, json)).toMatch(/^The (body|request) is not /)
      }
    })

    it('400: tensors as bytes, which is an extension that the server does not name', async () => {
      const body = JSON.stringify(request)
      const headers = { 'inference-header-content-length': String(body.length) }
      expect(await caller().refusal(400, `${body}\0bytes`, headers)).toContain('binary')
    })

    it('401: without a key that is known, of every path', async () => {
      const headers = { authorization: 'Bearer rpt_unknown' }
      for (const path of paths) expect(await caller().refusalAt(path, { status: 401, headers })).toContain('key')
      expect(await caller().refusal(401, request, headers)).toContain('key')
    })

    it('403: with a key that may not label texts, of every path to a model', async () => {
      const headers = { authorization: `Bearer ${fixture().foreignKey}` }
      for (const path of paths.slice(3)) {
        expect(await caller().refusalAt(path, { status: 403, headers })).toContain('"text"')
      }
      expect(await caller().refusal(403, request, headers)).toContain('"text"')
    })

    it('404: the model has no such version', async () => {
      const root = `/models/${model}/versions/none`
      for (const path of [root, `${root}/ready`]) {
        expect(await caller().refusalAt(path, { status: 404 })).toContain('"none"')
      }
      expect(await caller().refusalAt(`${root}/infer`, { status: 404, body: request })).toContain('"none"')
    })

    it('404: there is no such path, also where its beginning is a model’s', async () => {
      for (const path of ['/nothing', `/models/${model}/y`, `/models/${model}/infer/y?z=1`]) {
        const [named] = path.split('?')
        expect(await caller().refusalAt(path, { status: 404 })).toContain(`v2${named}`)
        expect(await caller().refusalAt(path, { status: 404, body: request })).toContain(`v2${named}`)
      }
    })

    it('405: the path takes another method', async () => {
      const infer = `/models/${model}/infer`
      expect(await caller().refusalAt(infer, { status: 405 })).toContain('takes POST, not GET')
      for (const path of paths) {
        expect(await caller().refusalAt(path, { status: 405, body: request })).toContain('takes GET, not POST')
        expect(await caller().refusalAt(path, { status: 405, method: 'DELETE' })).toContain('takes GET, not DELETE')
      }
    })

    it('400 and 414: the path cannot be decoded, or has too long a part', async () => {
      expect(await caller().refusalAt('/models/%', { status: 400 })).toContain('not a valid url')
      expect(await caller().refusalAt(`/models/${'a'.repeat(5_000)}`, { status: 414 })).toContain('length')
    })

    it('409: there is no such model, and the error says how to make one', async () => {
      for (const path of ['/models/nobodys', '/models/nobodys/ready']) {
        expect(await caller().refusalAt(path, { status: 409 })).toContain('rapport train')
      }
      const error = await caller().refusalAt('/models/nobodys/infer', { status: 409, body: request })
      expect(error).toContain('"nobodys"')
    })

    it('413: more texts, or more bytes, than a call may have', async () => {
      const many = Array.from({ length: 1001 }, () => texts[0])
      expect(await caller().refusal(413, { inputs: [textTensor(many)] })).toContain('1001')
      expect(await caller().refusal(413, { inputs: [textTensor(['a'.repeat(2 ** 20)])] })).toContain('too large')
    })

    it('415: another content type', async () => {
      for (const type of ['application/octet-stream', 'application/x-ndjson', 'text/csv']) {
        expect(await caller().refusal(415, JSON.stringify(request), { 'content-type': type })).toContain('Media Type')
      }
    })
  })
}
