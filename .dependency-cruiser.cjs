/** Which layer may import which: a layer may use itself and what stands below it (STYLE_GUIDE.md, "Direction"). */
const layers = [
  ['contracts'],
  ['core'],
  ['ml', 'text', 'deep', 'messaging', 'online-store', 'object-store', 'starter-texts'],
  ['model-store', 'datasets', 'features', 'text-models'],
  ['service-kit'],
  ['text-serving'],
]

const upward = layers.slice(0, -1).map((names, index) => ({
  name: `no-upward-import-from-${names[0]}-layer`,
  comment: 'A package imports only what stands below it.',
  severity: 'error',
  from: { path: `^packages/(${names.join('|')})/` },
  to: {
    path: [
      `^packages/(${layers
        .slice(index + 1)
        .flat()
        .join('|')})/`,
      '^packages/sdk/',
      '^services/',
    ],
  },
}))

const within = layers
  .filter((names) => names.length > 1)
  .map((names) => ({
    name: `no-sideways-import-in-${names[0]}-layer`,
    comment: 'Packages of one layer do not know each other.',
    severity: 'error',
    from: { path: `^packages/(${names.join('|')})/` },
    to: { path: `^packages/(${names.join('|')})/`, pathNot: '^packages/$1/' },
  }))

/** Tests on servers that several drivers run. */
const serverSuites = '^packages/messaging/src/drivers/kafka/suite/'

/** Libraries that live behind a port, and the one folder that may import each. */
const contained = [
  { library: 'lmdb', folders: ['^packages/(messaging|online-store)/src/drivers/embedded/'] },
  { library: 'kafkajs', folders: ['^packages/messaging/(src/drivers/kafkajs|bench)/'] },
  { library: '@platformatic/kafka', folders: ['^packages/messaging/(src/drivers/platformatic|bench)/'] },
  { library: '@platformatic/wasm-utils', folders: ['^packages/messaging/src/drivers/kafkajs/'] },
  { library: 'ioredis', folders: ['^packages/online-store/src/drivers/redis/'] },
  { library: '@aws-sdk', folders: ['^packages/object-store/src/drivers/s3/', '^test/infra/src/s3/'] },
  { library: '@tensorflow', folders: ['^packages/deep/'] },
]

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...upward,
    ...within,
    {
      name: 'service-kit-below-services',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: ['^services/', '^test/(?!infra/)'] },
    },
    {
      name: 'servers-under-tests-on-servers-alone',
      comment: 'Unit tests start no Kafka, Redis or S3.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: ['\\.servers\\.test\\.ts$', serverSuites] },
      to: { path: '^test/infra/' },
    },
    {
      name: 'sdk-knows-contracts-alone',
      severity: 'error',
      from: { path: '^packages/sdk/src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/(?!sdk/|contracts/)' },
    },
    {
      name: 'services-are-strangers',
      comment: 'A service never imports another; all-in-one composes them.',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: '^services/all-in-one/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'only-training-loads-networks',
      comment: 'What serves needs no TensorFlow.js.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: ['^packages/deep/', '^services/training/'] },
      to: { path: '^packages/deep/' },
    },
    {
      name: 'demo-shop-is-a-client',
      comment: 'The shop speaks REST through the SDK like anybody.',
      severity: 'error',
      from: { path: '^services/demo-shop/src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/(?!sdk/|contracts/|core/)' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: ['\\.test\\.ts$', serverSuites] },
      to: { path: '^test/' },
    },
    ...contained.map(({ library, folders }) => ({
      name: `only-its-driver-imports-${library.replace('@', '')}`,
      severity: 'error',
      from: { pathNot: folders },
      to: { path: `node_modules/${library}(/|$)` },
    })),
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
}
