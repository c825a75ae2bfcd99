/** A web and echo server of busybox as an image: what rolling updates and Services are watched with. */
import { readFileSync } from 'node:fs'
import { imageArchive } from '../../packaging/pause/image.ts'

const FOLDERS = ['bin', 'etc', 'tmp', 'www']
const APPLETS =
  'sh httpd hostname echo wget cat sleep nslookup env ls nc stty ps tty kill touch stat id seq tar'

/** Answers `v<version> <hostname>` on port 80 and echoes lines on port 7. */
export async function webArchive(version: string): Promise<Buffer> {
  const applets = APPLETS.split(' ').map(
    name => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' }) as const,
  )
  const serve = `echo "v${version} $(hostname)" > /www/index.html; nc -ll -p 7 -e cat & echo serving v${version}; exec httpd -f -p 80 -h /www`
  return imageArchive({
    reference: `web:${version}`,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    entries: [
      ...FOLDERS.map(path => ({ kind: 'directory', path, mode: 0o755 }) as const),
      { kind: 'file', path: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
      ...applets,
    ],
    config: { Env: ['PATH=/bin'], Cmd: ['sh', '-c', serve] },
  })
}
