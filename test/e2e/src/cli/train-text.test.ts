import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const env = { RAPPORT_TRAINING_MIN_EVENTS: '1000000' }
const said = { good: ['works well', 'is lovely', 'was worth it'], bad: ['broke at once', 'is useless', 'smells'] }
const things = ['kettle', 'lamp', 'tent', 'coat', 'chair']

/** So many reviews, each of another number, one of them without a text. */
function reviews(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const label = row % 2 === 0 ? 'good' : 'bad'
    return `"The ${things[row % 5]} ${said[label][row % 3]}, order ${row * 7919} for the ${things[(row * 3) % 5]}",${label}`
  })
  return ['review,stars', ...lines, ',good'].join('\n')
}

test(
  'a file of reviews becomes a model that serves in one command, and a data set another',
  { timeout: 180_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: folder.path, env })
    const options = { platform, dataDir: folder.path }
    const file = join(folder.path, 'My reviews.csv')
    await writeFile(file, reviews(200))
    const columns = ['--text', 'review', '--label', 'stars', '--algorithms', 'multinomial-nb,linear-svm']
    const trained = await runCli(['train', 'text', '--data', file, ...columns, '--budget', '30'], options)
    expect(trained, trained.stderr).toMatchObject({ code: 0 })
    expect(trained.stderr).toContain('My reviews.csv row 201: review: is empty')
    expect(trained.stdout).toMatch(/^data set my-reviews version \S+: 200 rows\njob text-classification-000001\n/)
    expect(trained.stdout).toMatch(
      /^ +algorithm +role +cross-validated +accuracy +macroF1 +logLoss +calibrationError /m,
    )
    expect(trained.stdout).toMatch(/^\* +\S+ +challenger +\d\.\d{4} ± \d\.\d{4} /m)
    expect(trained.stdout).toMatch(/ most-frequent +baseline /)
    expect(trained.stdout).toMatch(/version \S+ serves now\n$/)
    expect((await runCli(['models', 'list', 'text'], options)).stdout).toMatch(/champion.*test accuracy \d/)

    const answer = await fetch(`${platform.url}/v1/text/classify`, {
      method: 'POST',
      headers: { 'x-api-key': platform.key, 'content-type': 'application/json' },
      body: JSON.stringify({ documents: [{ id: 'r1', text: 'This lamp is lovely' }], explain: true }),
    })
    const [, version] = /version (\S+) serves now\n$/.exec(trained.stdout) ?? []
    expect(await answer.json()).toMatchObject({
      results: [{ id: 'r1', label: 'good', modelVersion: version, explanation: { label: 'good' } }],
      errors: [],
    })

    const again = await runCli(['train', 'sentiment', '--dataset', 'my-reviews'], options)
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('bad, good are no sentiments') as string })
    const absent = await runCli(['train', 'text', '--dataset', 'none'], options)
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('data set "none"') as string })
    const nothing = await runCli(['train', 'text'], options)
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('give --data or --dataset') as string })
    const magic = await runCli(['train', 'text', '--dataset', 'my-reviews', '--algorithms', 'magic'], options)
    expect(magic).toMatchObject({ code: 2, stderr: expect.stringContaining('"magic" is none of') as string })
  },
)
