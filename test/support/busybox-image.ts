/** The image of cluster tests: Debian's static busybox, packed without any tool of Docker's. Needs busybox-static. */
import { readFile } from 'node:fs/promises'
import { imageArchive } from '../../packaging/pause/image.ts'
import type { TarEntry } from '../../packaging/pause/tar.ts'

const APPLETS = [
  'sh',
  'cat',
  'echo',
  'sleep',
  'ls',
  'env',
  'id',
  'true',
  'false',
  'test',
  'touch',
  'rm',
  'mkdir',
  'hostname',
  'stat',
  'httpd',
  'wget',
  'nc',
  'ps',
  'kill',
  'ip',
  'nslookup',
  'ping',
  'head',
  'tail',
  'grep',
  'seq',
  'dd',
  'stty',
  'mount',
  'date',
  'readlink',
  'tr',
  'wc',
  'printf',
  'yes',
  'df',
  'ln',
  'chmod',
  'tty',
] as const

/** A busybox image from Debian's static binary, as `docker load` takes it. */
export async function busyboxArchive(reference = 'busybox:local'): Promise<Buffer> {
  const binary = await readFile('/bin/busybox')
  const entries: TarEntry[] = [
    ...['bin', 'etc', 'tmp', 'var', 'www'].map(
      path => ({ kind: 'directory', path, mode: path === 'tmp' ? 0o1777 : 0o755 }) as const,
    ),
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: binary },
    ...APPLETS.map(name => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' }) as const),
    {
      kind: 'file',
      path: 'etc/passwd',
      mode: 0o644,
      content: Buffer.from('root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n'),
    },
    {
      kind: 'file',
      path: 'etc/group',
      mode: 0o644,
      content: Buffer.from('root:x:0:\nnobody:x:65534:\n'),
    },
  ]
  return imageArchive({
    reference,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    entries,
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
  })
}
