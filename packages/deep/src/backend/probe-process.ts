// Prints what TensorFlow.js computes on: probe-process.ts auto|native|gpu|wasm
import { type BackendSetting, openBackend } from './open-backend.ts'

const { name, version, device, fallbackReason } = await openBackend((process.argv[2] ?? 'auto') as BackendSetting)
process.stdout.write(`${name} ${version}, ${device}${fallbackReason === undefined ? '' : ` (${fallbackReason})`}\n`)
