import { rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Command } from '@commander-js/extra-typings'
import type { TenantStatus } from '@rapport/contracts'
import { RapportApiError } from '@rapport/sdk'
import { shopKeyPath, shopTenant } from '../../shop.ts'
import { connect, dataDirOf, interruptible, type Connection } from '../connection.ts'
import { print } from '../output.ts'

const path = `/v1/tenants/${shopTenant}`

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('The demo shop.')
    .command('remove')
    .description('Removes the demo shop’s tenant with its keys, state, archive and models, and waits for it.')
    .addHelpText('after', '\nCtrl-C stops the waiting, not the removal.')
    .action(async () => {
      const { client } = await connect()
      const signal = interruptible()
      await begin(client)
      print(`${shopTenant} is closed; what it has stored is being removed`)
      while (await isThere(client, signal)) await setTimeout(200, undefined, { signal })
      await rm(shopKeyPath(dataDirOf(process.env)), { force: true })
      print(`${shopTenant} is removed; the shop stays away at the next start`)
    })
}

async function begin(client: Connection['client']): Promise<void> {
  try {
    await client.http.send({ method: 'DELETE', path })
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new Error('there is no demo shop', { cause: error })
  }
}

async function isThere(client: Connection['client'], signal: AbortSignal): Promise<boolean> {
  try {
    await client.http.json<TenantStatus>({ method: 'GET', path, signal })
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

const isNotFound = (error: unknown): boolean => error instanceof RapportApiError && error.status === 404
