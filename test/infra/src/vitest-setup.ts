import type { TestProject } from 'vitest/node'
import { startServers } from './servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The endpoints of Kafka, Redis and S3; vitest-environment.ts puts them into the environment of the tests. */
    rapportServers: Readonly<Record<string, string>>
  }
}

/** The servers under every `*.servers.test.ts`: one of each for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startServers(process.env)
  project.provide('rapportServers', servers.variables)
  return async () => {
    await servers[Symbol.asyncDispose]()
  }
}
