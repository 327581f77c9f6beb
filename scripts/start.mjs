// npm start: installs what is missing, then runs the whole platform on one port.
import { nodeFlags } from '../services/all-in-one/bin/node-flags.js'
import { install, runNode } from './toolchain.mjs'

install()
runNode([...nodeFlags, 'services/all-in-one/src/cli/main.ts', 'start', ...process.argv.slice(2)])
