import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { runCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const eventMapping = `
format: csv
event:
  name: action
  userId: user
  timestamp: at
  properties: { product_id: item, note: note }
`
const itemMapping = `
format: csv
item:
  id: sku
  body: { title: name, url: link }
`

test(
  'rows that do not fit are named by line, whoever refuses them, and the others are imported',
  { timeout: 60_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using data = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: data.path })
    const options = { platform, dataDir: folder.path }
    const write = async (name: string, content: string | Buffer): Promise<string> => {
      await writeFile(join(folder.path, name), content)
      return join(folder.path, name)
    }
    const events = await write('events.yaml', eventMapping)
    const items = await write('items.yaml', itemMapping)

    const header = 'action,user,at,item,note\n'
    const tooLong = 'x'.repeat(300)
    const tooLarge = 'y'.repeat(40_000)
    const mixed = await write(
      'mixed.csv.gz',
      gzipSync(
        `${header}Product Viewed,ada,2026-02-01,p1,\n${tooLong},ada,2026-02-01,p1,\nProduct Viewed,,2026-02-01,p1,\n` +
          `Product Viewed,ada,2026-02-02,p1,${tooLarge}\nProduct Viewed,ada,2026-02-03,p2,\n`,
      ),
    )
    const some = await runCli(['import', 'mapping', events, '--data', mixed], options)
    expect(some.code).toBe(0)
    expect(some.stdout).toMatch(/mixed\.csv\.gz \(events by events\.yaml\): 2 accepted, 3 rejected/)
    expect(some.stderr).toMatch(/line 3: event: /)
    expect(some.stderr).toContain('line 4: neither a user nor an anonymous id')
    expect(some.stderr).toMatch(/line 5: .*32/)
    expect(some.stderr).not.toMatch(/line [26]:/)
    const feature = 'count:all:Product Viewed'
    await vi.waitFor(async () => {
      const { entities } = await platform.client.features({
        entities: [{ kind: 'user', id: 'ada' }],
        features: [feature],
      })
      expect(entities[0]?.features[feature]?.value).toBe(2)
    })

    const bad = await write('bad.csv', `${header}${`${tooLong},ada,2026-02-01,p1,\n`.repeat(30)}`)
    const none = await runCli(['import', 'mapping', events, '--data', bad], options)
    expect(none.code).toBe(1)
    expect(none.stdout).toContain('none of its 30 rows was accepted; it can be imported again')
    expect(none.stderr).toMatch(/line 21: .*\n.*further rejected rows are counted, not listed\n$/)
    const noneAgain = await runCli(['import', 'mapping', events, '--data', bad], options)
    expect(noneAgain.stdout).toContain('none of its 30 rows was accepted')

    const longId = 'i'.repeat(300)
    const catalogue = await write('catalogue.csv', `sku,name,link\ntea,Tea,\n${longId},Long,\npot,Pot,\n`)
    const goods = await runCli(['import', 'mapping', items, '--data', catalogue], options)
    expect(goods).toMatchObject({ code: 0, stdout: expect.stringContaining('2 accepted, 1 rejected') as string })
    expect(goods.stderr).toMatch(/line 3: id: /)
    expect(await platform.client.getItem('pot')).toMatchObject({ title: 'Pot' })

    const badItems = await write('bad-items.csv', `sku,name,link\n${longId},Long,\n${longId}2,Long,\n`)
    const noGoods = await runCli(['import', 'mapping', items, '--data', badItems], options)
    expect(noGoods.code).toBe(1)
    expect(noGoods.stderr).toMatch(/line 2: id: .*\n.*line 3: id: /)
  },
)
