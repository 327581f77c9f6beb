import { describe, expect, it } from 'vitest'
import { textTensor, type Tried } from './inference-caller.ts'

export function describeRequestRules({ caller, model, texts }: Tried): void {
  const inputs = [textTensor(texts)]

  describe('inference requests', () => {
    it('without a version in the path the server chooses one, and the answer names it and the model', async () => {
      const { versions } = await caller().describe()
      const { model_name: name, model_version: version } = await caller().infer({ inputs })
      expect(name).toBe(model)
      expect(versions).toContain(version)
    })

    it('id: comes back as it was sent, and only where it was sent', async () => {
      for (const id of ['42', '', '编号 7', 'a'.repeat(300)]) {
        expect((await caller().infer({ id, inputs })).id).toBe(id)
      }
      expect(await caller().infer({ inputs })).not.toHaveProperty('id')
      expect(await caller().refusal(400, { id: 42, inputs })).toContain('id')
    })

    it('parameters: strings, numbers and booleans of the request, an input and an output change nothing', async () => {
      const parameters = { priority: 1, binary_data: false, tag: 'a' }
      const plain = await caller().infer({ inputs, outputs: [{ name: 'label' }] })
      const outputs = [{ name: 'label', parameters }]
      const request = { parameters, inputs: [textTensor(texts, { parameters })], outputs }
      expect(await caller().infer(request)).toEqual(plain)
      expect(await caller().infer({ parameters: {}, inputs, outputs: [{ name: 'label' }] })).toEqual(plain)
    })

    it.each([[null], [[1]], ['a'], [{ a: null }], [{ a: [1] }], [{ a: {} }]])(
      'parameters: %j are none',
      async (parameters) => {
        expect(await caller().refusal(400, { parameters, inputs })).toContain('parameters')
        const input = textTensor(texts, { parameters })
        expect(await caller().refusal(400, { inputs: [input] })).toContain('parameters')
        const outputs = [{ name: 'label', parameters }]
        expect(await caller().refusal(400, { inputs, outputs })).toContain('parameters')
      },
    )

    it('outputs: all that the model has, in its order, unless the request says which', async () => {
      const named = async (request: object) => (await caller().infer(request)).outputs.map(({ name }) => name)
      const all = (await caller().describe()).outputs.map(({ name }) => name)
      expect(await named({ inputs })).toEqual(all)
      expect(await named({ inputs, outputs: [] })).toEqual(all)
      for (const name of all) expect(await named({ inputs, outputs: [{ name }] })).toEqual([name])
      const wanted = all.toReversed().map((name) => ({ name }))
      expect(await named({ inputs, outputs: wanted })).toEqual(all.toReversed())
    })

    it('outputs: one that the model does not have is an error, and so is one in other letters', async () => {
      for (const name of ['score', 'Label', '']) {
        expect(await caller().refusal(400, { inputs, outputs: [{ name }] })).toContain(JSON.stringify(name))
      }
      expect(await caller().refusal(400, { inputs, outputs: [{}] })).toContain('name')
    })

    it('inputs: needed, and each of them needs name, shape, datatype and data', async () => {
      expect(await caller().refusal(400, {})).toContain('inputs')
      expect(await caller().refusal(400, { inputs: {} })).toContain('inputs')
      for (const field of ['name', 'shape', 'datatype', 'data']) {
        const input = textTensor(texts, { [field]: undefined })
        expect(await caller().refusal(400, { inputs: [input] })).toContain(field)
      }
    })

    it('inputs: those that the model takes, once each and in its letters', async () => {
      expect(await caller().refusal(400, { inputs: [] })).toContain('text')
      expect(await caller().refusal(400, { inputs: [...inputs, ...inputs] })).toContain('2')
      expect(await caller().refusal(400, { inputs: [textTensor(texts, { name: 'TEXT' })] })).toContain('"TEXT"')
    })

    it('content type: JSON with a charset, and none at all, is JSON', async () => {
      const plain = await caller().infer({ inputs })
      const body = JSON.stringify({ inputs })
      expect(await caller().send(body, { headers: { 'content-type': 'application/json; charset=utf-8' } })).toEqual(
        plain,
      )
      expect(await caller().send(body, {})).toEqual(plain)
    })
  })
}
