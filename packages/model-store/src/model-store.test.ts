import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ModelAliasChange } from '@rapport/contracts'
import { manifestKey, versionPrefix } from './model-keys.ts'
import { createModelStore, type ModelStore } from './model-store.ts'
import { champion, type Fixture, openFixture, publish } from './testing/fixture.ts'

const refused = (reason: string) => expect.objectContaining({ code: 'RPT_MODEL_REFUSED', reason })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the model store', () => {
  let fixture: Fixture
  let models: ModelStore
  beforeEach(async () => {
    fixture = await openFixture()
    models = fixture.models
  })
  afterEach(() => fixture[Symbol.asyncDispose]())

  describe('versions', () => {
    it('gives back what was published, with checksums', async () => {
      const manifest = await publish(models, { version: 'v1', value: 7 })
      expect(manifest.files.map(({ path, bytes }) => ({ path, bytes }))).toEqual([
        { path: 'number.txt', bytes: 1 },
        { path: 'weights/padding.bin', bytes: 99 },
      ])
      // SHA-256 of the character 7.
      expect(manifest.files[0]?.sha256).toBe('7902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451')
      const read = await models.readVersion({ tenant: 'shop', name: 'numbers', version: 'v1' })
      expect(read.manifest).toEqual(manifest)
      expect(new TextDecoder().decode(read.files.get('number.txt'))).toBe('7')
    })

    it('never replaces a version, whoever is first', async () => {
      await publish(models, { version: 'v1', value: 1 })
      const exists = expect.objectContaining({ code: 'RPT_MODEL_VERSION_EXISTS' })
      await expect(publish(models, { version: 'v1', value: 2 })).rejects.toThrow(exists)
      const attempts = Array.from({ length: 8 }, (_, value) => publish(models, { version: 'raced', value }))
      const outcomes = await Promise.allSettled(attempts)
      const won = outcomes.flatMap((outcome, value) => (outcome.status === 'fulfilled' ? [value] : []))
      expect(won).toHaveLength(1)
      const { files } = await models.readVersion({ tenant: 'shop', name: 'numbers', version: 'raced' })
      expect(new TextDecoder().decode(files.get('number.txt'))).toBe(String(won[0]))
    })

    it('shows a version only when its manifest is there, and goes on with an interrupted publication', async () => {
      await fixture.objects.put('models/shop/numbers/versions/v1/number.txt', bytes('5'))
      expect(await models.listVersions(champion)).toEqual([])
      await publish(models, { version: 'v1', value: 5 })
      expect((await models.listVersions(champion)).map(({ version }) => version)).toEqual(['v1'])
    })

    it('lists models and versions, newest first, without what cannot be read', async () => {
      for (const version of ['b', 'a', 'c']) {
        await publish(models, { version, value: 1 })
        fixture.clock.nowMs += 1000
      }
      await publish(models, { version: 'x', value: 1, name: 'other' })
      await publish(models, { version: 'x', value: 1, tenant: 'elsewhere', name: 'foreign' })
      await fixture.objects.put('models/shop/numbers/versions/bad/manifest.json', bytes('{}'))
      expect((await models.listVersions(champion)).map(({ version }) => version)).toEqual(['c', 'a', 'b'])
      expect(fixture.log.lines).toContainEqual({ level: 'warn', message: 'a model version was left out' })
      expect(await models.listModels('shop')).toEqual(['numbers', 'other'])
    })

    it.each(['../up', 'a/../b', 'manifest.json', '', 'with space'])('refuses the file path %j', async (path) => {
      const {
        files: _files,
        version: _version,
        createdAt: _createdAt,
        ...description
      } = await publish(models, {
        version: 'v1',
        value: 1,
      })
      const files = new Map([[path, bytes('x')]])
      await expect(models.publish({ ...description, version: 'v2', files })).rejects.toThrow(
        /path of a model file|object key/,
      )
    })

    it.each([
      ['tenant', { tenant: '../x' }],
      ['name', { name: 'A/B' }],
      ['version', { version: '..' }],
    ])('refuses a bad %s', async (_what, fields) => {
      await expect(publish(models, { version: 'v1', value: 1, ...fields })).rejects.toThrow('is not a valid name')
    })
  })

  describe('refuses', () => {
    const ref = { tenant: 'shop', name: 'numbers', version: 'v1' }
    const file = `${versionPrefix(ref)}number.txt`
    const rewriteManifest = async (change: (manifest: Record<string, unknown>) => unknown): Promise<void> => {
      const found = await fixture.objects.get(manifestKey(ref))
      const manifest = JSON.parse(new TextDecoder().decode(found?.body)) as Record<string, unknown>
      await fixture.objects.put(manifestKey(ref), bytes(JSON.stringify(change(manifest))))
    }
    beforeEach(async () => {
      await publish(models, { version: 'v1', value: 7 })
      await models.readVersion(ref)
    })

    it.each([
      ['a missing file', 'file missing', () => fixture.objects.delete([file])],
      ['a longer file', 'file size', () => fixture.objects.put(file, bytes('77'))],
      ['a changed file', 'file checksum', () => fixture.objects.put(file, bytes('8'))],
      ['a missing manifest', 'manifest missing', () => fixture.objects.delete([manifestKey(ref)])],
      ['a manifest that is no JSON', 'manifest invalid', () => fixture.objects.put(manifestKey(ref), bytes('{'))],
      ['a manifest without files', 'manifest invalid', () => rewriteManifest((m) => ({ ...m, files: undefined }))],
      ['a manifest of another tenant', 'wrong tenant', () => rewriteManifest((m) => ({ ...m, tenant: 'other' }))],
      ['a manifest of another version', 'manifest invalid', () => rewriteManifest((m) => ({ ...m, version: 'v2' }))],
      [
        'a file outside',
        'manifest invalid',
        () => rewriteManifest((m) => ({ ...m, files: [{ path: '../v2/x', bytes: 1, sha256: 'a'.repeat(64) }] })),
      ],
    ])('%s', async (_what, reason, corrupt) => {
      await corrupt()
      await expect(models.readVersion(ref)).rejects.toThrow(refused(reason))
    })
  })

  describe('aliases', () => {
    beforeEach(async () => {
      for (const [value, version] of ['v1', 'v2', 'v3'].entries()) await publish(models, { version, value })
    })

    it('name a version under a growing revision, also when they go back', async () => {
      expect(await models.readAlias(champion)).toBeUndefined()
      expect(await models.promote(champion, 'v1')).toMatchObject({ version: 'v1', revision: 1 })
      expect(await models.promote(champion, 'v2')).toMatchObject({ version: 'v2', revision: 2 })
      expect(await models.promote(champion, 'v2')).toMatchObject({ version: 'v2', revision: 2 })
      expect(await models.promote(champion, 'v3')).toMatchObject({ version: 'v3', revision: 3, history: ['v1', 'v2'] })
      expect(await models.rollback(champion)).toMatchObject({ version: 'v2', revision: 4, history: ['v1'] })
      expect(await models.rollback(champion)).toMatchObject({ version: 'v1', revision: 5, history: [] })
      await expect(models.rollback(champion)).rejects.toThrow(
        expect.objectContaining({ code: 'RPT_MODEL_NO_ROLLBACK' }),
      )
      expect(await models.rollback(champion, { version: 'v3' })).toMatchObject({ version: 'v3', revision: 6 })
      expect([...(await models.listAliases(champion))].map(([alias, { version }]) => [alias, version])).toEqual([
        ['champion', 'v3'],
      ])
    })

    it('never name what is not there', async () => {
      await expect(models.promote(champion, 'v9')).rejects.toThrow(refused('manifest missing'))
      await models.promote(champion, 'v1')
      await models.promote(champion, 'v2')
      await fixture.objects.delete([manifestKey({ ...champion, version: 'v1' })])
      await expect(models.rollback(champion)).rejects.toThrow(refused('manifest missing'))
      expect(await models.readAlias(champion)).toMatchObject({ version: 'v2', revision: 2 })
    })

    it('move once for one revision, however many try', async () => {
      const versions = ['v1', 'v2', 'v3']
      for (let revision = 0; revision < 5; revision += 1) {
        const current = (await models.readAlias(champion))?.version
        const others = versions.filter((version) => version !== current)
        const moves = Array.from({ length: 6 }, (_, at) =>
          models.promote(champion, others[at % others.length] ?? 'v1', { ifRevision: revision }),
        )
        const outcomes = await Promise.allSettled(moves)
        // Who asks for the version that the winner has set may read the new alias only under the new revision.
        const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled')
        expect(winners).toHaveLength(1)
        expect(await models.readAlias(champion)).toMatchObject({ revision: revision + 1 })
      }
    })

    it('lose no revision to racing unconditional moves', async () => {
      const moves = Array.from({ length: 12 }, (_, at) => models.promote(champion, at % 2 === 0 ? 'v1' : 'v2'))
      const revisions = (await Promise.all(moves)).map(({ revision }) => revision)
      expect(await models.readAlias(champion)).toMatchObject({ revision: Math.max(...revisions) })
    })

    it('announce each move, and stand when that fails', async () => {
      const changes: ModelAliasChange[] = []
      const announcing = createModelStore(fixture.objects, {
        log: fixture.log,
        announce: async (change) => {
          changes.push(change)
          if (change.revision === 2) throw new Error('log is down')
        },
      })
      await announcing.promote(champion, 'v1')
      await announcing.promote(champion, 'v1')
      await announcing.promote(champion, 'v2')
      expect(changes).toEqual([
        { ...champion, version: 'v1', revision: 1 },
        { ...champion, version: 'v2', revision: 2 },
      ])
      expect(await models.readAlias(champion)).toMatchObject({ version: 'v2' })
      expect(fixture.log.lines).toContainEqual({ level: 'warn', message: 'alias was not announced' })
    })
  })
})
