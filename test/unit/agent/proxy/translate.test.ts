/** Services and endpoints to virtual services: one row per behaviour. */
import t from 'tap'
import { translateHostPorts, translateService, type Viewpoint } from '#agent/proxy/translate.ts'
import type { Service } from '#api/types/core-v1.ts'
import type { EndpointSlice } from '#api/types/discovery-v1.ts'
import { frontendId, type VirtualService } from '#netfilter/model.ts'
import {
  aPod,
  aService,
  anEndpoint,
  aSlice,
  type ServiceSpec,
} from '#test/support/network-objects.ts'

const HERE: Viewpoint = { nodeName: 'a', ownAddresses: new Set(['10.43.0.10']) }

/** `tcp 10.43.0.1:80 -> 10.42.0.2:80* 10.42.1.2:80 (outside)`; the star is for local. */
function show(service: VirtualService): string {
  const list = (backends: VirtualService['backends']): string =>
    backends.map(({ address, port, local }) => `${address}:${port}${local ? '*' : ''}`).join(' ')
  const inside =
    service.insideBackends === undefined ? '' : ` inside ${list(service.insideBackends)}`
  const sticky = service.affinitySeconds === undefined ? '' : ` ${service.affinitySeconds}s`
  const ranges = service.sourceRanges === undefined ? '' : ` from ${service.sourceRanges.join(' ')}`
  const backends = service.backends.length === 0 ? service.empty : list(service.backends)
  return `${frontendId(service.frontend)} -> ${backends}${inside} (${service.masquerade})${sticky}${ranges}`
}

const ENDS = ['10.42.0.2@a', '10.42.1.2@b']
const slice = (...endpoints: Parameters<typeof aSlice>[1]): EndpointSlice =>
  aSlice('default/web', endpoints)
const service = (spec: Partial<ServiceSpec> = {}, status: Service['status'] = {}): Service =>
  aService('default/web', { clusterIP: '10.43.0.1', ...spec }, status)

const ready = { ready: true, serving: true, terminating: false }
const ending = { ready: false, serving: true, terminating: true }
const broken = { ready: false, serving: false, terminating: false }
const gone = { ready: false, serving: false, terminating: true }

const CASES: readonly {
  readonly name: string
  readonly service: Service
  readonly slices: readonly EndpointSlice[]
  readonly want: readonly string[]
}[] = [
  {
    name: 'a cluster address reaches all ready endpoints',
    service: service(),
    slices: [slice(...ENDS)],
    want: ['tcp 10.43.0.1:80 -> 10.42.0.2:80* 10.42.1.2:80 (outside)'],
  },
  {
    name: 'the target port comes from the slice, matched by name and protocol',
    service: service({
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'none', port: 99, protocol: 'TCP' },
      ],
    }),
    slices: [
      aSlice('default/web', ['10.42.0.2@a'], {
        ports: [
          { name: 'dns', port: 5353, protocol: 'UDP' },
          { name: 'http', port: 8080, protocol: 'TCP' },
        ],
      }),
    ],
    want: [
      'tcp 10.43.0.1:80 -> 10.42.0.2:8080* (outside)',
      'udp 10.43.0.1:53 -> 10.42.0.2:5353* (outside)',
      'tcp 10.43.0.1:99 -> reject (outside)',
    ],
  },
  {
    name: 'endpoints that are not ready get nothing, an absent condition means ready',
    service: service(),
    slices: [
      slice(
        anEndpoint('10.42.0.2@a', { conditions: broken }),
        anEndpoint('10.42.0.3@a', { conditions: ending }),
        anEndpoint('10.42.0.4@a', { conditions: {} }),
      ),
    ],
    want: ['tcp 10.43.0.1:80 -> 10.42.0.4:80* (outside)'],
  },
  {
    name: 'those that still serve while they end are the last resort',
    service: service(),
    slices: [
      slice(
        anEndpoint('10.42.0.2@a', { conditions: broken }),
        anEndpoint('10.42.0.3@a', { conditions: ending }),
        anEndpoint('10.42.0.4@a', { conditions: gone }),
      ),
    ],
    want: ['tcp 10.43.0.1:80 -> 10.42.0.3:80* (outside)'],
  },
  {
    name: 'an endpoint in two slices is one',
    service: service(),
    slices: [slice('10.42.0.2@a'), slice(anEndpoint('10.42.0.2@a', { conditions: ready }))],
    want: ['tcp 10.43.0.1:80 -> 10.42.0.2:80* (outside)'],
  },
  {
    name: 'a node port is an external way in, masqueraded',
    service: service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }),
    slices: [slice(...ENDS)],
    want: [
      'tcp 10.43.0.1:80 -> 10.42.0.2:80* 10.42.1.2:80 (outside)',
      'tcp *:30080 -> 10.42.0.2:80* 10.42.1.2:80 (always)',
    ],
  },
  {
    name: 'external policy Local: local endpoints for outsiders, all for insiders, no masquerade',
    service: service({
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      ports: [{ port: 80, nodePort: 30_080 }],
    }),
    slices: [slice(...ENDS)],
    want: [
      'tcp 10.43.0.1:80 -> 10.42.0.2:80* 10.42.1.2:80 (outside)',
      'tcp *:30080 -> 10.42.0.2:80* inside 10.42.0.2:80* 10.42.1.2:80 (never)',
    ],
  },
  {
    name: 'external policy Local without a local endpoint drops, so that balancers try elsewhere',
    service: service({
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      ports: [{ port: 80, nodePort: 30_080 }],
    }),
    slices: [slice('10.42.1.2@b')],
    want: [
      'tcp 10.43.0.1:80 -> 10.42.1.2:80 (outside)',
      'tcp *:30080 -> drop inside 10.42.1.2:80 (never)',
    ],
  },
  {
    name: 'external policy Local with only ending local endpoints uses those',
    service: service({ externalTrafficPolicy: 'Local', externalIPs: ['1.2.3.4'] }),
    slices: [slice(anEndpoint('10.42.0.2@a', { conditions: ending }), '10.42.1.2@b')],
    want: [
      'tcp 10.43.0.1:80 -> 10.42.1.2:80 (outside)',
      'tcp 1.2.3.4:80 -> 10.42.0.2:80* inside 10.42.1.2:80 (never)',
    ],
  },
  {
    name: 'internal policy Local keeps to this node',
    service: service({ internalTrafficPolicy: 'Local' }),
    slices: [slice(...ENDS)],
    want: ['tcp 10.43.0.1:80 -> 10.42.0.2:80* (outside)'],
  },
  {
    name: 'internal policy Local without a local endpoint drops',
    service: service({ internalTrafficPolicy: 'Local' }),
    slices: [slice('10.42.1.2@b')],
    want: ['tcp 10.43.0.1:80 -> drop (outside)'],
  },
  {
    name: 'load balancer addresses, unless something else proxies them, with their source ranges',
    service: service(
      {
        type: 'LoadBalancer',
        loadBalancerSourceRanges: ['203.0.113.0/24'],
        externalIPs: ['9.9.9.9'],
      },
      {
        loadBalancer: {
          ingress: [{ ip: '1.2.3.4' }, { ip: '1.2.3.5', ipMode: 'Proxy' }, { hostname: 'x' }],
        },
      },
    ),
    slices: [slice('10.42.1.2@b')],
    want: [
      'tcp 10.43.0.1:80 -> 10.42.1.2:80 (outside)',
      'tcp 9.9.9.9:80 -> 10.42.1.2:80 (always)',
      'tcp 1.2.3.4:80 -> 10.42.1.2:80 (always) from 203.0.113.0/24',
    ],
  },
  {
    name: 'session affinity with its default time',
    service: service({ sessionAffinity: 'ClientIP' }),
    slices: [slice('10.42.1.2@b')],
    want: ['tcp 10.43.0.1:80 -> 10.42.1.2:80 (outside) 10800s'],
  },
  {
    name: 'session affinity with its own time',
    service: service({
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    }),
    slices: [slice('10.42.1.2@b')],
    want: ['tcp 10.43.0.1:80 -> 10.42.1.2:80 (outside) 60s'],
  },
  {
    name: 'a headless service has no frontend',
    service: service({ clusterIP: 'None' }),
    slices: [slice(...ENDS)],
    want: [],
  },
  {
    name: 'ExternalName has none',
    service: service({ type: 'ExternalName' }),
    slices: [],
    want: [],
  },
  {
    name: 'the DNS address is the node itself',
    service: service({ clusterIP: '10.43.0.10' }),
    slices: [],
    want: [],
  },
  {
    name: 'IPv6 is left out',
    service: service({ clusterIPs: ['fd00::1', '10.43.0.1'] }),
    slices: [
      slice('fd00::2@a', '10.42.1.2@b'),
      aSlice('default/web', ['fd00::3'], { addressType: 'IPv6' }),
    ],
    want: ['tcp 10.43.0.1:80 -> 10.42.1.2:80 (outside)'],
  },
]

for (const { name, service: given, slices, want } of CASES) {
  void t.test(name, async t => {
    t.same(translateService(given, slices, HERE).map(show), want)
  })
}

void t.test('a Service with a proxy of its own is not ours', async t => {
  const base = service()
  const labels = { 'service.kubernetes.io/service-proxy-name': 'x' }
  t.same(
    translateService({ ...base, metadata: { ...base.metadata, labels } }, [slice(...ENDS)], HERE),
    [],
  )
})

void t.test('host ports', async t => {
  const spec = {
    nodeName: 'a',
    containers: [
      {
        name: 'web',
        ports: [
          { containerPort: 80, hostPort: 8080 },
          { containerPort: 53, hostPort: 53, hostIP: '192.168.1.1', protocol: 'UDP' as const },
          { containerPort: 90 },
        ],
      },
    ],
  }
  const up = { podIP: '10.42.0.2', phase: 'Running' as const }
  t.same(translateHostPorts(aPod('default/p', spec, up), HERE).map(show), [
    'tcp *:8080 -> 10.42.0.2:80* (never)',
    'udp 192.168.1.1:53 -> 10.42.0.2:53* (never)',
  ])
  t.same(translateHostPorts(aPod('default/p', spec), HERE), [], 'no address yet')
  t.same(
    translateHostPorts(aPod('default/p', spec, { ...up, phase: 'Succeeded' }), HERE),
    [],
    'ended',
  )
  t.same(
    translateHostPorts(aPod('default/p', { ...spec, hostNetwork: true }, up), HERE),
    [],
    'on the host',
  )
  const dns = {
    containers: [{ name: 'c', ports: [{ containerPort: 53, hostPort: 53, hostIP: '10.43.0.10' }] }],
  }
  t.same(translateHostPorts(aPod('default/p', dns, up), HERE), [], 'the cluster DNS address')
})

void t.test('addresses that anybody may choose rank behind those that are allocated', t => {
  const chosen = service(
    { externalIPs: ['1.2.3.4'], ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }] },
    { loadBalancer: { ingress: [{ ip: '1.2.3.5' }] } },
  )
  const ranks = translateService(chosen, [slice(...ENDS)], HERE).map(
    ({ frontend, rank = 0 }) => `${frontendId(frontend)} ${rank}`,
  )
  t.same(ranks, ['tcp 10.43.0.1:80 0', 'tcp 1.2.3.4:80 1', 'tcp 1.2.3.5:80 1', 'tcp *:30080 0'])
  t.end()
})
