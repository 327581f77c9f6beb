import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** An authority and a certificate that it vouches for, as paths of PEM files. */
export interface Certificate {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

export interface CertificateOptions {
  readonly folder: string
  readonly commonName: string
  /** Whom it serves as; a client's without. */
  readonly hosts?: readonly string[]
}

export async function makeCertificate({ folder, commonName, hosts = [] }: CertificateOptions): Promise<Certificate> {
  const authority = await generate([{ name: 'commonName', value: `${commonName}-authority` }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true },
    ],
  })
  const isServer = hosts.length > 0
  const own = await generate([{ name: 'commonName', value: commonName }], {
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'extKeyUsage', serverAuth: isServer, clientAuth: !isServer },
      ...(isServer
        ? [{ name: 'subjectAltName' as const, altNames: hosts.map((value) => ({ type: 2 as const, value })) }]
        : []),
    ],
  })
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(folder, `${commonName}.${name}`)
    await writeFile(file, text, { mode: 0o600 })
    return file
  }
  return {
    authority: await write('authority.crt', authority.cert),
    certificate: await write('crt', own.cert),
    key: await write('key', own.private),
  }
}
