/**
 * What a host has that software could leave behind: links, routes, rules, kernel settings, containers, mounts, cgroups,
 * files. Two of them are compared to show that an uninstall leaves nothing. Counters and ids that change by themselves are left
 * out.
 */
import type { Cluster, Machine } from './cluster.ts'

/** Each question is a shell script whose sorted lines are compared. */
const QUESTIONS: Readonly<Record<string, string>> = {
  links: `ip -o link | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/ \\(qdisc\\|state\\) [^ ]*//g'`,
  addresses: `ip -o -4 addr | sed 's/^[0-9]*: //; s/ valid_lft.*//'`,
  routes: 'ip route show table all',
  'routing rules': 'ip rule',
  neighbours: 'ip neigh show nud permanent',
  nftables: `nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'`,
  iptables: `iptables-save | sed 's/\\[[0-9:]*\\]//; /^#/d'`,
  ip6tables: `ip6tables-save | sed 's/\\[[0-9:]*\\]//; /^#/d'`,
  'kernel settings': `sysctl -a 2>/dev/null | grep -E '^(net|vm|fs.inotify)\\.' | grep -vE 'nf_conntrack_count|\\.veth|stat_refresh|random'`,
  containers: `docker ps -a --format '{{.Names}} {{.Image}} {{.State}}'`,
  images: `docker images --format '{{.Repository}}:{{.Tag}}'`,
  networks: `docker network ls --format '{{.Name}} {{.Driver}}'`,
  volumes: 'docker volume ls -q',
  'docker configuration': `docker info --format '{{.LiveRestoreEnabled}}'; cat /etc/docker/daemon.json 2>/dev/null`,
  mounts: `awk '{ print $5 }' /proc/self/mountinfo | grep -vE '/docker/|^/run/netns/'`,
  cgroups: `find /sys/fs/cgroup -maxdepth 3 -type d | grep -vE '/docker/[0-9a-f]+'`,
  files: `find /etc/kites /etc/docker /var/lib/kites /usr/local /var/log /etc/systemd /run -xdev | grep -vE '^/run/(docker|containerd)(/|$)'`,
  // A server that forks for each connection is one program.
  programs: `ps -eo pid=,ppid=,args= |
    awk '{ pid = $1; parent[pid] = $2; $1 = $2 = ""; args[pid] = substr($0, 3) }
      END { for (pid in args) if (args[pid] != args[parent[pid]]) print args[pid] }' |
    grep -vE '^(ps|sort|sh|sed|grep|awk) '`,
}

export type HostSnapshot = Readonly<Record<string, readonly string[]>>

export function snapshotOf(cluster: Cluster, machine: Machine): HostSnapshot {
  return Object.fromEntries(
    Object.entries(QUESTIONS).map(([name, script]) => {
      const { stdout } = cluster.inside(machine, ['sh', '-c', script])
      return [
        name,
        stdout
          .split('\n')
          .filter(line => line !== '')
          .sort(),
      ]
    }),
  )
}
