/**
 * What all steps of the cluster journey stand on: one host with a running server, a Deployment and its Service, and the
 * questions every step asks about them. Not a test itself.
 */
import type { Cluster, CommandOptions, CommandResult, Machine } from './cluster.ts'
import { until } from './docker-host.ts'

export const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: web:1
          ports: [{ name: http, containerPort: 80 }]
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ name: http, port: 8080, targetPort: http }]
`

export interface Journey {
  readonly cluster: Cluster
  readonly machine: Machine
  /** What kubectl prints; throws when it fails. */
  readonly ok: (args: readonly string[], options?: CommandOptions) => string
  readonly kubectl: (args: readonly string[], options?: CommandOptions) => CommandResult
  /** One field of every object listed. */
  readonly column: (args: readonly string[], path: string) => string[]
  readonly webPods: () => string[]
  readonly aPod: () => string
  readonly nodePort: () => string
  readonly nodeUrl: () => string
  readonly rolledOut: () => string
}

export function journeyOn(cluster: Cluster): Journey {
  const machine = cluster.first
  const ok = cluster.ok.bind(cluster)
  const column = (args: readonly string[], path: string): string[] =>
    ok(['get', ...args, '-o', `jsonpath={range .items[*]}{${path}}{"\\n"}{end}`])
      .split('\n')
      .filter(line => line !== '')
  const webPods = (): string[] => column(['pods', '-l', 'app=web'], '.metadata.name')
  const nodePort = (): string =>
    ok(['get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}'])
  return {
    cluster,
    machine,
    ok,
    kubectl: cluster.kubectl.bind(cluster),
    column,
    webPods,
    aPod: () => webPods()[0] ?? 'none',
    nodePort,
    nodeUrl: () => `http://${machine.host.address}:${nodePort()}/`,
    rolledOut: () => ok(['rollout', 'status', 'deployment/web', '--timeout=40s']),
  }
}

/** Asks until so many different pods have answered with the version; what they said. */
export async function answersOf(
  ask: () => string,
  version: string,
  count: number,
): Promise<string[]> {
  const seen = new Set<string>()
  await until(
    () => {
      const answer = ask().trim()
      if (answer.startsWith(`v${version} `)) seen.add(answer.slice(3))
      return seen.size === count
    },
    `${count} pods with v${version} to answer`,
    15_000,
  )
  return [...seen].sort()
}
