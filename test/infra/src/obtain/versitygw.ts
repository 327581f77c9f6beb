import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, isCached, withScratch } from './cache.ts'
import { assertNone, type MissingPiece } from './missing-pieces.ts'
import { askTool, runTool, say } from './run-tool.ts'

export const versitygwVersion = '1.7.0'
const entry = `versitygw-${versitygwVersion}`

/** What is missing for the S3 server on this machine: Go, until the program is there. */
export async function missingForS3(): Promise<MissingPiece[]> {
  if (isCached(entry) || (await askTool('go', ['version'])) !== undefined) return []
  return [
    {
      name: 'Go 1.21 or newer',
      neededFor: `the S3 server versitygw ${versitygwVersion} (built once)`,
      howToGet: 'apt-get install golang-go, or https://go.dev/dl; or name a server in RAPPORT_S3_ENDPOINT',
    },
  ]
}

/** The S3 server, built from its source once; the Go module proxy's checksums vouch for it. */
export async function obtainVersitygw(): Promise<string> {
  assertNone(await missingForS3())
  const folder = await cached(entry, async (folder) => {
    say(`Building the S3 server versitygw ${versitygwVersion} (once, about 2 minutes)…`)
    await withScratch(async (scratch) => {
      await mkdir(join(scratch, 'tmp'))
      // Modules, build cache and temporary files all in the scratch folder: 700 MB that nobody needs again.
      await runTool(
        'go',
        ['install', '-modcacherw', `github.com/versity/versitygw/cmd/versitygw@v${versitygwVersion}`],
        {
          cwd: scratch,
          env: {
            ...process.env,
            GOPATH: join(scratch, 'go'),
            GOMODCACHE: join(scratch, 'go', 'pkg', 'mod'),
            GOCACHE: join(scratch, 'build'),
            GOTMPDIR: join(scratch, 'tmp'),
            GOBIN: folder,
            CGO_ENABLED: '0',
          },
        },
      )
    })
  })
  return join(folder, 'versitygw')
}
