import { Option, type Command } from '@commander-js/extra-typings'
import { scopes } from '@rapport/contracts'
import { connect } from '../connection.ts'
import { print, printTable } from '../output.ts'

export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('API keys of the tenant that asks.')
  keys
    .command('create')
    .argument('<name>', 'what the key is for')
    .addOption(new Option('--scope <scope...>', 'what the key may do').choices(scopes).makeOptionMandatory())
    .description('Makes a key and shows it, this once.')
    .addHelpText('after', '\nExample:\n  rapport keys create web-shop --scope events:write recommend')
    .action(async (name, options) => {
      const { client } = await connect()
      const key = await client.keys.create({ name, scopes: options.scope })
      process.stderr.write(`Key ${key.id} (${key.scopes.join(', ')}). Keep it: it is not shown again.\n`)
      print(key.key)
    })
  keys
    .command('list')
    .description('Lists the keys, without their texts.')
    .action(async () => {
      const { client } = await connect()
      printTable(
        ['id', 'name', 'created', 'revoked', 'scopes'],
        (await client.keys.list()).map((key) => [
          key.id,
          key.name,
          key.createdAt,
          key.revokedAt ?? '',
          key.scopes.join(' '),
        ]),
      )
    })
  keys
    .command('revoke')
    .argument('<id>', 'as "keys list" shows it')
    .description('Revokes a key; it stops within a minute everywhere.')
    .action(async (id) => {
      const { client } = await connect()
      await client.keys.revoke(id)
      print(`${id} is revoked`)
    })
}
