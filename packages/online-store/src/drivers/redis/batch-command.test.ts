import { Command } from 'ioredis'
import { expect, it } from 'vitest'
import { SharedArguments, SharedArgumentsCommand } from './batch-command.ts'

it.each([
  ['rpt:{shop:user:u1}:state', ['s']],
  ['rpt:{shop:user:%E7%8E%8B}:state', ['s', 'pcount/Product Viewed', 'platest/Größe 尺寸', 'pcount/😀']],
  ['', ['', '\r\n$1\r\n']],
])('a command on %j with shared arguments goes out as one that has its own', (key, args) => {
  const command = new SharedArgumentsCommand('hmget', key, new SharedArguments(args))
  expect(command.toWritable()).toBe(new Command('hmget', [key, ...args]).toWritable({}))
  expect(command.getKeys()).toEqual([key])
})
