import { expect, test } from 'vitest'
import { readFindings } from './policies.ts'

const finding = (ID: string) => ({ ID, Title: 'A title', Message: 'A message' })
const planted = [
  { Target: 'planted/pod.json', Misconfigurations: [finding('KSV017'), finding('KSV001')] },
  { Target: 'planted/Dockerfile', Misconfigurations: [finding('DS002')] },
]
const dockerfile = { Target: 'docker/Dockerfile', Misconfigurations: [finding('DS026')] }
const keda = { Target: 'k8s/a/ConfigMap-rapport-keda.json', Misconfigurations: [finding('AVD-KSV-01010')] }
const allowed = [
  dockerfile,
  keda,
  { Target: 'k8s/a/Deployment-feature.json', Misconfigurations: [finding('KSV011'), finding('KSV116')] },
]

test('what is planted and what is allowed is no problem', () => {
  expect(readFindings([...planted, ...allowed])).toEqual([])
})

test('anything else is', () => {
  const other = { Target: 'k8s/overlays/staging/Deployment-feature.json', Misconfigurations: [finding('KSV014')] }
  expect(readFindings([...planted, ...allowed, other, { Target: 'clean.json' }])).toEqual([
    'k8s/overlays/staging/Deployment-feature.json: KSV014 A title. A message',
  ])
})

test('a scan that does not see what was planted reads nothing', () => {
  expect(readFindings(allowed)).toEqual([
    'KSV017 was not found in planted/pod.json, where it was planted: the scan reads nothing',
    'DS002 was not found in planted/Dockerfile, where it was planted: the scan reads nothing',
  ])
})

test('what is allowed elsewhere is not allowed here', () => {
  const other = { Target: 'k8s/a/ConfigMap-rapport-stores.json', Misconfigurations: [finding('AVD-KSV-01010')] }
  expect(readFindings([...planted, ...allowed, other])).toHaveLength(1)
})

test('an allowance that is needed no more is said', () => {
  const fewer = { Target: 'k8s/a/Deployment-feature.json', Misconfigurations: [finding('KSV116')] }
  expect(readFindings([...planted, dockerfile, keda, fewer])).toEqual([
    String.raw`KSV011 is allowed in ^k8s\/ and found nowhere there`,
  ])
})
