import { rm } from 'node:fs/promises'
import type { Command } from '@commander-js/extra-typings'
import { shopKeyPath, shopTenant } from '../../shop.ts'
import { connect, dataDirOf } from '../connection.ts'
import { print } from '../output.ts'

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('The demo shop.')
    .command('remove')
    .description('Removes the demo shop’s tenant with its keys, state, archive and models.')
    .action(async () => {
      const { client } = await connect()
      await client.http.send({ method: 'DELETE', path: `/v1/tenants/${shopTenant}` })
      await rm(shopKeyPath(dataDirOf(process.env)), { force: true })
      print(`${shopTenant} is removed; the shop stays away at the next start`)
    })
}
