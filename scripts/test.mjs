// npm test: installs what is missing, then runs every test that needs no GPU, data folder or cluster.
import { install, runNode } from './toolchain.mjs'

install()
runNode(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)])
