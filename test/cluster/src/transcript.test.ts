import { expect, it } from 'vitest'
import { must, Transcript } from './transcript.ts'

it('has a line for whatever was looked at, and counts what is not as it must be', async () => {
  const told: string[] = []
  const transcript = new Transcript((line) => told.push(line))
  transcript.section('Nodes')
  await transcript.check('two are there', async () => '2')
  await transcript.check('three are ready', async () => {
    must(false, '2')
    return '3'
  })
  expect([...transcript.sections]).toEqual([['Nodes', ['ok  two are there (2)', 'FAIL three are ready: 2']]])
  expect(told).toEqual(['\nNodes', 'ok  two are there (2)', 'FAIL three are ready: 2'])
  expect(transcript.failed).toBe(1)
})
