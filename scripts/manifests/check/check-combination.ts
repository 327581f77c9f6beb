import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TObject } from 'typebox'
import { configSchemas } from '../../docs/config-tables.ts'
import { readEdges, type DeclaredEdges } from '../edges.ts'
import { checkGatewayUrls, checkRoutes, checkServices, checkStoreAddresses } from './addresses.ts'
import { checkCoreKind, isCoreKind } from './core-kinds.ts'
import { CustomKinds } from './custom-kinds.ts'
import { environmentOf, knownSecrets, readSecretKeys, type SecretKeys, type VariableSource } from './environment.ts'
import { checkJob, checkRunners, checkTrainingJob } from './jobs.ts'
import { checkKafkaDisks } from './kafka-disk.ts'
import { checkNetwork } from './network.ts'
import { jobSpec, nameOf, serviceOf, workloadsOf, type KubeObject, type Workload } from './objects.ts'
import { checkConfinement } from './pods.ts'
import { checkExternalSecrets, checkReferences } from './references.ts'
import { checkBudgets, checkScaling, checkTriggers } from './scaling.ts'
import { checkServiceProcess, settingsOf, type Settings } from './service-process.ts'
import { checkVariables } from './variables.ts'

export interface CheckContext {
  readonly customKinds: CustomKinds
  /** Secrets that are made outside of the manifests. */
  readonly secrets: SecretKeys
  readonly edges: DeclaredEdges
  /** That processes export (docs/metrics.md, which is written from what they register). */
  readonly metrics: ReadonlySet<string>
}

/** What the repository itself says. */
export function readContext(root: string): CheckContext {
  const documented = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8').matchAll(/^\| `(\w+)`/gm)
  return {
    customKinds: new CustomKinds(root),
    secrets: readSecretKeys(root),
    edges: readEdges(root),
    metrics: new Set([...documented].map(([, name]) => name ?? '')),
  }
}

/** Everything that is wrong with rendered objects. What is of the wrong shape is not looked at further. */
export function checkCombination(objects: readonly KubeObject[], context: CheckContext): readonly string[] {
  const shapes = checkShapes(objects, context.customKinds)
  if (shapes.length > 0) return shapes
  const workloads = workloadsOf(objects)
  const secrets = knownSecrets(objects, context.secrets)
  return [
    ...workloads.flatMap((workload) => checkWorkload(workload, { objects, secrets, edges: context.edges })),
    ...checkServices(objects, workloads),
    ...checkRoutes(objects),
    ...checkRunners(objects, environmentOfControl(objects, secrets)),
    ...checkScaling(objects, workloads),
    ...checkTriggers(objects, { metrics: context.metrics, secrets }),
    ...checkBudgets(objects, workloads),
    ...checkKafkaDisks(objects),
    ...checkExternalSecrets(objects, workloads, context.secrets),
    ...checkNetwork(objects, workloads, context.edges),
  ]
}

/** By the API's description, or by the schema of a custom resource; and that no two objects have one name. */
export function checkShapes(objects: readonly KubeObject[], customKinds: CustomKinds): readonly string[] {
  const names = objects.map(nameOf)
  return [
    ...objects.flatMap((object) =>
      (isCoreKind(object) ? checkCoreKind(object) : customKinds.check(object)).map(
        (problem) => `${nameOf(object)}: ${problem}`,
      ),
    ),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`),
  ]
}

interface Surroundings {
  readonly objects: readonly KubeObject[]
  readonly secrets: SecretKeys
  readonly edges: DeclaredEdges
}

function checkWorkload(workload: Workload, surroundings: Surroundings): readonly string[] {
  const schema = configSchemas[serviceOf(workload)]
  return [
    ...checkConfinement(workload.pod),
    ...checkReferences(workload, surroundings.objects, surroundings.secrets),
    ...checkJob(workload),
    ...(schema === undefined ? checkSources(workload, surroundings) : checkService(workload, schema, surroundings)),
  ].map((problem) => `${workload.kind} ${workload.name} ${problem}`)
}

/** Of what is no service of ours, only that what its variables come from is there. */
const checkSources = ({ pod }: Workload, { objects, secrets }: Surroundings): readonly string[] =>
  pod.containers.flatMap((container) => environmentOf(container, objects, secrets).problems)

/** Whoever looks at a trace tells services by this name; an image that several run has one for all of them. */
function checkTraceName({ name }: Workload, settings: Settings): readonly string[] {
  const given = settings.get('OTEL_SERVICE_NAME')
  return given === name
    ? []
    : [`goes by the name ${given ?? 'of its image'} in traces: OTEL_SERVICE_NAME is to be ${name}`]
}

function checkService(
  workload: Workload,
  schema: TObject,
  { objects, secrets, edges }: Surroundings,
): readonly string[] {
  const [container] = workload.pod.containers
  if (container === undefined || workload.pod.containers.length > 1) return ['has not one container']
  const { variables, problems } = environmentOf(container, objects, secrets)
  const texts = [...variables].flatMap(([name, source]): [string, string][] =>
    source.from === 'text' ? [[name, source.text]] : [],
  )
  const settings = settingsOf(schema, new Map(texts))
  return [
    ...problems,
    ...checkVariables(schema, variables),
    ...(jobSpec(workload) === undefined
      ? [...checkServiceProcess(workload, settings), ...checkTraceName(workload, settings)]
      : checkTrainingJob(workload, settings, environmentOfControl(objects, secrets))),
    ...checkGatewayUrls(objects, settings),
    ...checkStoreAddresses(objects, settings, edges),
  ]
}

/** Where control says that the stores are, which its trainings have to say, too. */
function environmentOfControl(
  objects: readonly KubeObject[],
  secrets: SecretKeys,
): ReadonlyMap<string, VariableSource> {
  const [container] = workloadsOf(objects).find(({ name }) => name === 'control')?.pod.containers ?? []
  return container === undefined ? new Map() : environmentOf(container, objects, secrets).variables
}
