/**
 * What software can leave behind on a whole machine: files, packages, users, links, routes, kernel settings, mounts,
 * cgroups, programs. Two of them are compared to show that an uninstall leaves nothing.
 */
import type { Machine } from './machine.ts'

/** What comes and goes by itself, or is the package manager's own memory. */
const FILES_APART = [
  '/(proc|sys|dev|tmp|root|run/(systemd|udev|log|user|lock|mount|dbus|motd.*|utmp|initctl|agetty.reload|host|sshd.*|credentials))(/.*)?',
  '/var/(cache|tmp/systemd-private-[^/]*|log/(journal|apt|dpkg.log|alternatives.log|lastlog|wtmp|btmp|faillog|private)|lib/(dpkg|apt|systemd|private|ucf|dbus|pam))(/.*)?',
  // dpkg keeps the former passwd and group beside the new ones.
  '/etc/(ld.so.cache|mtab|passwd-?|group-?|shadow-?|gshadow-?|sub[ug]id-?|\\.pwd\\.lock|resolv.conf|machine-id)',
  // tools that ran once left their bytecode
  '.*/__pycache__(/.*)?',
].join('|')

const QUESTIONS: Readonly<Record<string, string>> = {
  files: `find / -xdev -regextype posix-extended -regex '${FILES_APART}' -prune -o -print; find /run -mindepth 1 -maxdepth 1 -regextype posix-extended -regex '${FILES_APART}' -prune -o -print`,
  packages: `dpkg-query -W -f '\${db:Status-Abbrev} \${Package}\\n' | grep -v '^un'`,
  users: 'cut -d: -f1 /etc/passwd /etc/group',
  links: `ip -o link | sed 's/^[0-9]*: //; s/@.*//; s/: .*//'`,
  addresses: `ip -o -4 addr | awk '{ print $2, $4 }'`,
  // an address of the link's own appears a while after the link
  routes: 'ip route show table all | grep -vE "^(broadcast|multicast)|fe80::"',
  'routing rules': 'ip rule',
  'kernel settings': `cd /proc/sys/net && grep -rs . ipv4 netfilter bridge | grep -vE '/neigh/|count|random|/route/|fib_notify|stat_refresh|tcp_.*key|conf/(kv|v|docker)'`,
  mounts: `awk '{ print $5 }' /proc/self/mountinfo`,
  cgroups: `find /sys/fs/cgroup -maxdepth 2 -type d | grep -vE 'systemd-|user-|\\.(mount|slice|scope|socket|service|swap)$'`,
  programs: `ps -eo args= | grep -vE '^(ps|sort|sh|sed|grep|\\[|/usr/lib/systemd|/lib/systemd|\\(sd|.*agetty|.*sshd|systemd)'`,
}

export type Traces = Readonly<Record<string, readonly string[]>>

export async function tracesOf(machine: Machine): Promise<Traces> {
  const found: Record<string, readonly string[]> = {}
  for (const [name, script] of Object.entries(QUESTIONS)) {
    const { stdout } = await machine.exec(['sh', '-c', script])
    found[name] = linesOf(stdout)
  }
  return { ...found, rules: linesOf(await machine.rules()) }
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .sort()

/** What is there now and was not before. An Engine that was there first keeps its own books, images among them. */
export function added(before: Traces, after: Traces, name: string): string[] {
  const had = new Set(before[name])
  const ofEngine = /^\/var\/lib\/(docker|containerd)\//
  return (after[name] ?? []).filter(
    line => !had.has(line) && !(had.has('/var/lib/docker') && ofEngine.test(line)),
  )
}

export const TRACE_NAMES = [...Object.keys(QUESTIONS), 'rules']
