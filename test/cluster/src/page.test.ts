import { expect, it } from 'vitest'
import { updatePage } from './page.ts'
import { Transcript } from './transcript.ts'

async function transcriptOf(title: string, line: string): Promise<Transcript> {
  const transcript = new Transcript(() => undefined)
  transcript.section(title)
  await transcript.check(line, async () => '')
  return transcript
}

it('a run replaces the sections that it has looked at, and no other', async () => {
  const first = updatePage('', await transcriptOf('One', 'a'), 'Two processors.')
  const both = updatePage(first, await transcriptOf('Two', 'b'), 'Four processors.')
  const again = updatePage(both, await transcriptOf('One', 'c'), 'Eight processors.')
  const block = (title: string, circumstances: string, line: string): string =>
    `## ${title}\n\n${circumstances} Nothing failed.\n\n\`\`\`\nok  ${line}\n\`\`\`\n`
  expect(again.slice(again.indexOf('## '))).toBe(
    `${block('One', 'Eight processors.', 'c')}\n${block('Two', 'Four processors.', 'b')}`,
  )
})
