/**
 * A web server image from Debian's nginx package: answers every request on port 80 with its host name. The package is
 * downloaded once and kept; nothing is installed. Its libraries are this machine's own.
 */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { imageArchive } from '../../packaging/pause/image.ts'
import type { TarEntry } from '../../packaging/pause/tar.ts'

const run = promisify(execFile)
const KEPT = join(tmpdir(), 'kites-test-nginx')

const CONFIG = `daemon off;
worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/stderr;
events { worker_connections 256; }
http {
  access_log /dev/stdout;
  server { listen 80; location / { default_type text/plain; return 200 "VERSION $hostname\\n"; } }
}
`

/** `version` is the first word of each answer: what tells two images apart. */
export async function webArchive(reference = 'web:1', version = 'v1'): Promise<Buffer> {
  const root = await unpackedPackage()
  const binary = join(root, 'usr/sbin/nginx')
  const entries: TarEntry[] = [
    ...[
      'tmp',
      'var',
      'var/log',
      'var/log/nginx',
      'var/lib',
      'var/lib/nginx',
      'etc',
      'etc/nginx',
      'usr',
      'usr/sbin',
      'lib',
      'lib64',
    ].map(path => ({ kind: 'directory', path, mode: path === 'tmp' ? 0o1777 : 0o755 }) as const),
    { kind: 'file', path: 'usr/sbin/nginx', mode: 0o755, content: await readFile(binary) },
    text('etc/nginx/nginx.conf', CONFIG.replace('VERSION', version)),
    text('etc/passwd', 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n'),
    text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    ...(await libraries(binary)),
    // so that one can look around in it, and fetch
    { kind: 'directory', path: 'bin', mode: 0o755 },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: await readFile('/bin/busybox') },
    ...['sh', 'cat', 'ls', 'wget', 'sleep', 'nslookup', 'hostname'].map(
      name => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' }) as const,
    ),
  ]
  return imageArchive({
    reference,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    entries,
    config: { Entrypoint: ['/usr/sbin/nginx'], Env: ['PATH=/usr/sbin:/bin'] },
  })
}

const text = (path: string, content: string): TarEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content: Buffer.from(content),
})

async function unpackedPackage(): Promise<string> {
  const root = join(KEPT, 'root')
  await mkdir(KEPT, { recursive: true })
  const has = async (): Promise<string | undefined> =>
    (await readdir(KEPT)).find(name => name.endsWith('.deb'))
  if ((await has()) === undefined) await run('apt-get', ['download', 'nginx'], { cwd: KEPT })
  const archive = await has()
  if (archive === undefined) throw new Error('the nginx package could not be downloaded')
  await run('dpkg-deb', ['-x', join(KEPT, archive), root])
  return root
}

/** Every shared object the binary names, at the path where the loader looks for it. */
async function libraries(binary: string): Promise<TarEntry[]> {
  const { stdout } = await run('ldd', [binary])
  const paths = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/gu)].map(match => match[1] ?? '')
  return Promise.all(
    [...new Set(paths)].map(async path => ({
      kind: 'file' as const,
      // the loader has its name in the binary; the others are found in /lib
      path: path.includes('ld-linux')
        ? path.slice(1)
        : `lib/${path.slice(path.lastIndexOf('/') + 1)}`,
      mode: 0o755,
      content: await readFile(path),
    })),
  )
}
