import { describe, expect, it } from 'vitest'
import { textTensor, type Tried } from './inference-caller.ts'
import { ModelReadyForm, ServerForm, ServerLiveForm, ServerReadyForm } from './open-inference-forms.ts'

export function describeMetadataRules({ caller, model, texts }: Tried): void {
  describe('health', () => {
    it('server live: 200 and true', async () => {
      expect(await caller().get('/health/live', ServerLiveForm)).toEqual({ live: true })
    })

    it('server ready: 200 and true', async () => {
      expect(await caller().get('/health/ready', ServerReadyForm)).toEqual({ live: true, ready: true })
    })

    it('model ready: 200, the model’s name and true, with a version in the path and without', async () => {
      const { versions = [] } = await caller().describe()
      for (const path of ['', ...versions.map((version) => `/versions/${version}`)]) {
        const ready = await caller().get(`/models/${model}${path}/ready`, ModelReadyForm)
        expect(ready).toEqual({ name: model, ready: true })
      }
    })

    it('model ready: an error where there is no such model or version', async () => {
      expect(await caller().refusalAt('/models/nobodys/ready', { status: 409 })).toContain('"nobodys"')
      expect(await caller().refusalAt(`/models/${model}/versions/none/ready`, { status: 404 })).toContain('"none"')
    })
  })

  describe('metadata', () => {
    it('of the server: its name, its version and the extensions that it has', async () => {
      const server = await caller().get('', ServerForm)
      expect(server).toMatchObject({ name: expect.stringMatching(/^@rapport\//), extensions: [] })
      expect(await caller().get('/', ServerForm)).toEqual(server)
    })

    it('of a model: its name, its platform as PROJECT_FORMAT, its tensors and its versions', async () => {
      const { name, platform, versions } = await caller().describe()
      expect([name, platform]).toEqual([model, 'rapport_linear'])
      expect(versions?.length).toBeGreaterThan(1)
    })

    it('of a model: every version that it names can be asked for', async () => {
      const { versions = [] } = await caller().describe()
      const request = { inputs: [textTensor([texts[0]])] }
      for (const version of versions) {
        expect(await caller().describe(version)).toMatchObject({ name: model, versions: [version] })
        const answer = await caller().infer(request, `/models/${model}/versions/${version}/infer`)
        expect(answer).toMatchObject({ model_name: model, model_version: version })
      }
    })

    it('of tensors: what the model takes and gives is what it says, with -1 for the number of texts', async () => {
      const described = await caller().describe()
      expect(described.inputs).toEqual([{ name: 'text', datatype: 'BYTES', shape: [-1] }])
      const { outputs } = await caller().infer({ inputs: [textTensor(texts)] })
      const filled = described.outputs.map((tensor) => ({
        ...tensor,
        shape: tensor.shape.map((size) => (size === -1 ? texts.length : size)),
      }))
      expect(outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual(filled)
    })
  })
}
